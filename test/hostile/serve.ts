import net from 'node:net';
import tls from 'node:tls';
import { toPkcs8Pem } from '../../src/pki/key.js';
import { ADMIN_PORT } from '../../src/linkerd/names.js';
import { createMesh, leafOf } from './certificates.js';
import { CORPUS } from './corpus.js';
import { answer } from './environment-pods.js';

/**
 * A process that is every hostile pod of the corpus: what it costs to be one must not be measured with the worker. The pods are
 * at addresses `PREFIX.1`, `PREFIX.2` and so on; an honest one is at `PREFIX.250`, its environment at `PREFIX.251`.
 */
const [prefix = ''] = process.argv.slice(2);
const mesh = createMesh();

const leaf = leafOf(mesh);
const honest = tls.createServer({
  key: toPkcs8Pem(leaf.privateKey),
  cert: leaf.certificate.pem + mesh.issuer.certificate.pem,
});
const environment = net.createServer((socket) => {
  socket.on('error', () => undefined);
  const text = JSON.stringify({ LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS: mesh.root.certificate.pem });
  socket.once('data', () => socket.end(answer(text)));
});

const servers = CORPUS.map(({ serve }) => serve(mesh));
const listening = [
  ...servers.map((server, at) => [server, at + 1] as const),
  [honest, 250],
  [environment, 251],
] as const;
process.on('uncaughtException', (error) => process.send?.({ error: String(error) }));
process.on('disconnect', () => process.exit(0));
await Promise.all(
  listening.map(
    async ([server, at]) => await new Promise<void>((resolve) => server.listen(ADMIN_PORT, `${prefix}.${at}`, resolve)),
  ),
);
process.send?.({ root: mesh.root.certificate.pem });
