import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { contentOf } from '../../../../src/cli/commands/hand-off.js';
import type { HandOff, HandOffPlace } from '../../../../src/rotation/hand-off.js';
import type { RotationStatus } from '../../../../src/rotation/status.js';
import { handOffWait } from '../../../../src/rotation/waits.js';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const ROOTS: HandOffPlace = {
  kind: 'ConfigMap',
  namespace: 'linkerd',
  name: 'roots',
  key: 'ca-bundle.crt',
  value: PEM,
};
const VALUES: HandOffPlace = {
  ...{ kind: 'ConfigMap', namespace: 'linkerd', name: 'config', key: 'values', path: ['anchors'], value: PEM },
  document: "it's: a document\n",
};
const KEY = { namespace: 'linkerd', secret: 'reroot-rotation', key: 'tls.key', into: 'key.pem' };
const ISSUER: HandOffPlace = {
  ...{ kind: 'Secret', namespace: 'linkerd', name: 'issuer', key: 'crt.pem', value: PEM, privateKey: KEY },
};

function statusOf(places: HandOffPlace[], more: Partial<HandOff> = {}): RotationStatus {
  const handOff = {
    who: 'Argo CD',
    for: 'the bundle',
    difference: ['it lacks it'],
    todo: 'Write it.',
    places,
    seen: 'a',
  };
  const waiting = handOffWait({ ...handOff, ...more }, '2026-01-01T00:00:00Z');
  return { phase: 'trust', waiting } as unknown as RotationStatus;
}

/** What a shell makes of it, with a `kubectl` that prints what it was given. */
function inShell(text: string): string {
  const kubectl = `kubectl() { if [ "$3" = get ]; then echo a2V5; else for a in "$@"; do printf '%s\\n' "$a"; done; fi; }`;
  return execFileSync('sh', ['-c', `${kubectl}\n${text}`], { encoding: 'utf8' });
}

describe('what `reroot hand-off` prints', () => {
  it('says to a person for whom it waits, since when, what there is, and what there has to be', () => {
    const text = contentOf(statusOf([ISSUER]), 'text');
    for (const part of ['Argo CD', '2026-01-01', '- it lacks it', 'Write it.', PEM.trimEnd(), 'reroot-rotation'])
      expect(text).toContain(part);
  });
  it('is a manifest for Git: whole keys, objects together', () => {
    expect(parse(contentOf(statusOf([ROOTS]), 'manifest'))).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'roots', namespace: 'linkerd' },
      data: { 'ca-bundle.crt': PEM },
    });
    const secret = contentOf(statusOf([ISSUER]), 'manifest');
    expect(secret).toContain('# key.pem goes with it');
    expect(parse(secret)).toMatchObject({ data: { 'crt.pem': Buffer.from(PEM).toString('base64') } });
  });
  it('is lines for a shell, in which a document is quoted', () => {
    const given = inShell(contentOf(statusOf([ROOTS, VALUES]), 'patch')).split('\n');
    expect(given.slice(0, 7)).toEqual(['patch', 'configmap', '-n', 'linkerd', 'roots', '--type', 'merge']);
    expect(JSON.parse(given[8] ?? '')).toEqual({ data: { 'ca-bundle.crt': PEM } });
    expect(JSON.parse(given[17] ?? '')).toEqual({ data: { values: "it's: a document\n" } });
  });
  it('has the shell put a private key in, from Secret to Secret', () => {
    const patch = contentOf(statusOf([ISSUER]), 'patch');
    expect(patch).toContain(String.raw`get secret reroot-rotation -o jsonpath='{.data.tls\.key}'`);
    expect(JSON.parse(inShell(patch).split('\n')[8] ?? '')).toEqual({
      data: { 'crt.pem': Buffer.from(PEM).toString('base64'), 'key.pem': 'a2V5' },
    });
  });
  it('is a values file for Helm, and the facts for a program', () => {
    const status = statusOf([ROOTS], { helm: 'identityTrustAnchorsPEM: x\n' });
    expect(contentOf(status, 'values')).toBe('identityTrustAnchorsPEM: x');
    expect(JSON.parse(contentOf(status, 'json'))).toMatchObject([{ who: 'Argo CD', difference: ['it lacks it'] }]);
  });
  it('is nothing but an error where there is nothing to print, so that nothing is piped', () => {
    const idle = { phase: 'renew', waiting: { kind: 'renewal', for: 'proxies' } } as unknown as RotationStatus;
    expect(() => contentOf(idle, 'patch')).toThrow(
      'nobody else has to write anything now (phase renew): it waits for proxies',
    );
    expect(() => contentOf(statusOf([ROOTS]), 'values')).toThrow('there is no content to print as values: Write it.');
  });
  it('has no command in it that somebody has put into a name', () => {
    const evil = contentOf(statusOf([{ ...ROOTS, name: 'roots; rm -rf $(x)' }]), 'patch');
    expect(evil).toContain(' roots__rm_-rf___x_ --type');
  });
});
