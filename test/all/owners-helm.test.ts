import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { reportOf, statusOf, statusWhere } from '../integration/support.js';
import { drivenByCommits } from '../integration/git-owner.js';
import { approve, expectNoRefusal, type OwnMesh, ownMesh, seenThrough } from '../integration/own-mesh.js';
import {
  attended,
  controlPlaneReady,
  expectHashesAlone,
  expectUnchanged,
  given,
  printedValues,
  upgrade,
  upgradeByHandOff,
} from '../integration/helm-release.js';

/** Linkerd installed by `helm install`: the release is somebody else's, and renders what it is given. */

describe.each(['linkerd', 'kubernetes'] as const)('a release of Helm, issuer scheme %s', (issuer) => {
  let mesh: OwnMesh;
  beforeAll(async () => void (mesh = await ownMesh({ install: 'helm', realHelm: true, issuer })));
  afterAll(async () => await mesh.stop());

  it.each(['standard', 'patient', 'bridge'] as const)(
    'by %s: `helm upgrade` with what reroot shows changes nothing, after each phase and at the end',
    async (strategy) => {
      await mesh.sandbox.mesh.setProbe({ reset: true });
      const handle = await mesh.start({ strategy, approvals: 'everyPhase' });
      const phases: string[] = [];
      const report = await attended(handle, {
        asked: async (phase) => {
          phases.push(phase);
          const { helm, pastPointOfNoReturn } = await statusOf(handle);
          const isLeftAlone = strategy === 'bridge' && helm !== undefined && !pastPointOfNoReturn;
          const expectIt = isLeftAlone ? expectHashesAlone : expectUnchanged;
          await expectIt(mesh, helm, `before ${phase}`);
        },
      });
      expect(report.outcome).toBe('completed');
      expect(phases).toEqual(
        strategy === 'bridge' ? ['trust', 'bridge', 'approve', 'issue'] : ['trust', 'issue', 'renew', 'approve'],
      );
      const values = await printedValues(mesh, handle.workflowId);
      expect(values.keyFlag === undefined).toBe(issuer === 'kubernetes');
      await expectUnchanged(mesh, values, 'at the end');
      await expectUnchanged(mesh, undefined, 'with nothing new');
      await expectNoRefusal(mesh);
    },
  );
});

/** Leaves that last: until a Helm of old values is set right, nobody's ends. */
const LONG_LEAVES = { issuanceLifetime: '24h0m0s', minRefreshMs: 10_000 };

describe.each([
  ['standard', ['issue', 'renew'], LONG_LEAVES],
  ['bridge', ['bridge', 'approve'], {}],
] as const)('a `helm upgrade` with old values, in the middle of a rotation by %s', (strategy, phases, leaves) => {
  let mesh: OwnMesh;
  beforeAll(async () => void (mesh = await ownMesh({ install: 'helm', realHelm: true, ...leaves })));
  afterAll(async () => await mesh.stop());
  afterEach(async () => await mesh.endRotations());

  /** Old values before a phase; `repair`: what is done about it before `resume`. */
  const withOldValues = async (before: string, repair: (workflowId: string) => Promise<void>): Promise<void> => {
    await mesh.sandbox.mesh.setProbe({ reset: true });
    const old = await given(mesh, await printedValues(mesh, 'none'));
    const handle = await mesh.start({ strategy, approvals: 'everyPhase' });
    const named: string[] = [];
    const report = await attended(handle, {
      asked: async (phase) => {
        if (phase !== before || named.length > 0) return;
        await upgrade(mesh, old);
        await controlPlaneReady(mesh);
      },
      paused: async (on) => {
        named.push(on);
        expect(await printedValues(mesh, handle.workflowId)).toEqual((await statusOf(handle)).helm);
        await repair(handle.workflowId);
      },
      attention: async () => await Promise.resolve(),
    });
    expect(report.outcome).toBe('completed');
    expect(named).toEqual([expect.stringMatching(/ConfigMap linkerd-identity-trust-roots.*helm at 20/)]);
    await expectUnchanged(mesh, await printedValues(mesh, handle.workflowId), 'at the end');
    await expectNoRefusal(mesh);
  };

  it.each(phases)('before %s: it is caught and named, and one with the right values lets it go on', async (before) => {
    await withOldValues(before, async (workflowId) => {
      await upgrade(mesh, await given(mesh, await printedValues(mesh, workflowId)));
      await controlPlaneReady(mesh);
    });
  });

  it('`resume` alone writes everything again', async () => {
    await withOldValues(phases[0], async () => await Promise.resolve());
  });
});

describe('other ways through, on a release of Helm', () => {
  let mesh: OwnMesh;
  beforeAll(async () => void (mesh = await ownMesh({ install: 'helm', realHelm: true, linkerd: '2.14' })));
  afterAll(async () => await mesh.stop());

  it('an abort: the values of the start are right again, and nobody had to set them', async () => {
    const before = await mesh.certificates();
    await mesh.sandbox.mesh.setProbe({ reset: true });
    const handle = await mesh.start({ strategy: 'standard', approvals: 'everyPhase' });
    await statusWhere(handle, 'renew', ({ phase, waiting }) => {
      if (waiting?.kind === 'approval' && phase !== 'renew') void approve(handle, waiting.planHash).catch(() => {});
      return waiting?.kind === 'approval' && phase === 'renew';
    });
    await handle.executeUpdate('abort', { args: [{ reason: 'a test', by: 'tester' }] });
    expect((await reportOf(handle)).outcome).toBe('aborted');
    expect(await mesh.certificates()).toEqual(before);
    await expectUnchanged(mesh, undefined, 'with the values of the start');
    await expectNoRefusal(mesh);
  });

  it('a rotation of the issuer alone: the bundle and the control plane stay as they are', async () => {
    await mesh.sandbox.mesh.setProbe({ reset: true });
    // its key is kept, and signs the issuer
    expect((await seenThrough(await mesh.start({ strategy: 'bridge' }))).outcome).toBe('completed');
    const handle = await mesh.startIssuer({});
    expect((await seenThrough(handle)).outcome).toBe('completed');
    await expectUnchanged(mesh, await printedValues(mesh, handle.workflowId), 'at the end');
    await expectNoRefusal(mesh);
  });
});

describe.each(['linkerd', 'kubernetes'] as const)('hand-off to whoever has the values, issuer scheme %s', (issuer) => {
  let mesh: OwnMesh;
  beforeAll(async () => void (mesh = await ownMesh({ install: 'helm', realHelm: true, issuer })));
  afterAll(async () => await mesh.stop());
  afterEach(async () => await mesh.endRotations());

  it.each(['bridge', 'standard'] as const)(
    '`helm upgrade` with what `reroot hand-off` prints, by %s',
    async (strategy) => {
      await mesh.sandbox.mesh.setProbe({ reset: true });
      // with scheme kubernetes.io/tls the issuer is none of Helm's
      const owners = { bundle: 'handOff', issuer: issuer === 'linkerd' ? 'handOff' : 'reroot' } as const;
      const flags: (string | undefined)[] = [];
      const report = await drivenByCommits(await mesh.start({ strategy, owners }), {
        commitShown: async (handle) => void flags.push(await upgradeByHandOff(mesh, handle)),
      });
      expect(report).toMatchObject({ outcome: 'completed', strategy });
      const keys = flags.filter((flag) => flag !== undefined);
      expect(keys.length > 0).toBe(issuer === 'linkerd');
      for (const flag of keys) expect(flag).toContain('get secret reroot-rotation ');
      await expectUnchanged(mesh, undefined, 'with nothing new');
      await expectNoRefusal(mesh);
    },
  );
});
