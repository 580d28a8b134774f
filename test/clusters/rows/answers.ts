import { expect } from 'vitest';
import { parse } from 'yaml';
import { named } from '../../../activities/preflight.js';
import { renderFindings } from '../../../src/cli/view/findings.js';
import { renderLine, renderPicture } from '../../../src/cli/view/render.js';
import { jsonBytes } from '../../../src/ground/size.js';
import type { Finding } from '../../../src/rotation/findings.js';
import { FAST, reportOf, reroot, startRotation, startWorker } from '../../integration/support.js';
import {
  completedByBash,
  predicted,
  predictionIn,
  underWay,
  withBarePods,
  withInputFile,
  withSlowDeployment,
} from '../answers-scene.js';
import type { Row } from '../row.js';

const WORK = ['preflight', 'generate', 'trust', 'issue', 'renew', 'retire', 'finish'];

/** The line that begins like this. */
function lineOf(text: string, begins: string): string {
  const line = text.split('\n').find((one) => one.trimStart().startsWith(begins));
  expect(line, text).toBeDefined();
  return line?.trim() ?? '';
}

export const answers: readonly Row[] = [
  {
    report: '0ms',
    have: 'A person who asks how long it will take',
    does: 'predicts a range for each phase that does something, from how long the pods of this mesh took to start',
    made: 'API server: the mesh of the sandbox',
    sample: true,
    see: async () => {
      const { stdout } = await reroot(['preflight', '--strategy', 'standard']);
      expect(stdout).not.toMatch(/\b0 ?ms\b/);
      const seen = WORK.map((phase) => predictionIn(stdout, phase));
      for (const one of seen)
        expect(one).toMatch(/: (\d+( s| min| h)? to \d+ (s|min|h|d)|up to \d+ (s|min|h|d)|a few seconds)$/);
      return seen.join('; ');
    },
  },
  {
    report: '0ms',
    have: 'A Deployment whose pods have to be ready for two minutes each, one after the other',
    does: 'predicts that a rollout lasts at least as long as all of them together',
    made: 'API server: a Deployment of 3 with `minReadySeconds: 120` and `maxUnavailable: 0`',
    see: async () => {
      const before = (await predicted('standard'))['trust'];
      const after = await withSlowDeployment(
        { replicas: 3, minReadySeconds: 120 },
        async () => await predicted('standard'),
      );
      const lasts = after['trust']?.predictedFromMs ?? 0;
      expect(before?.predictedFromMs).toBeLessThan(300_000);
      expect(lasts).toBeGreaterThanOrEqual(3 * 120_000);
      return `trust: at least ${Math.round((before?.predictedFromMs ?? 0) / 1000)} s before, ${Math.round(lasts / 1000)} s with it`;
    },
  },
  {
    report: '0ms',
    have: 'An issuer to replace, and leaves that live a day',
    does: 'predicts the wait for the renewals from how long leaves live, and for identity how long a kubelet may take',
    made: 'API server: the mesh of the sandbox, `rotate-issuer --dry-run`',
    see: async () => {
      const { stdout } = await reroot(['rotate-issuer', '--dry-run']);
      const [issue, refresh] = [predictionIn(stdout, 'issue'), predictionIn(stdout, 'refresh')];
      expect(issue).toBe('issue: up to 3 min');
      expect(refresh).toMatch(/: (\d+ to|about) 17 h$/);
      return `${issue}; ${refresh}`;
    },
  },
  {
    report: '0ms',
    have: 'A manager who asks afterwards whether it took as long as was said',
    does: 'the report has for each phase how long it took and what was predicted, in JSON and in words',
    made: 'API server, Temporal server: a whole rotation',
    see: async () => {
      const worker = startWorker();
      try {
        const handle = await startRotation(FAST);
        const { phases } = await reportOf(handle);
        const compared = phases.filter(({ phase }) => WORK.includes(phase));
        expect(compared).toHaveLength(WORK.length);
        for (const one of compared) {
          expect(one.tookMs, one.phase).toBeGreaterThanOrEqual(0);
          expect(one.predictedMs, one.phase).toBeGreaterThan(one.predictedFromMs ?? Infinity);
        }
        const { stdout } = await reroot(['status', '--workflow-id', handle.workflowId]);
        return ['trust', 'retire'].map((phase) => lineOf(stdout, phase).replaceAll(/ +/g, ' ')).join('; ');
      } finally {
        await worker.stop();
      }
    },
  },
  {
    report: 13,
    have: 'The same finding of many objects',
    does: 'names the reason once, with how many there are and the first few; `--details` names each',
    made: 'API server: five meshed pods without a controller',
    sample: true,
    see: async () =>
      await withBarePods(5, async () => {
        const grouped = (await reroot(['preflight'])).stdout;
        expect(grouped.match(/BarePod/g)?.length).toBeLessThanOrEqual(3);
        const detailed = (await reroot(['preflight', '--details'])).stdout;
        expect(detailed.match(/BarePod: seen\/Pod\/runner-\d/g)).toHaveLength(5);
        const [, ...found] = /(BarePod, 5 times): .*\n +(seen\/Pod\/runner-0, .* and 2 more)\n/.exec(grouped) ?? [];
        expect(found, grouped).toHaveLength(2);
        return found.join(': ');
      }),
  },
  {
    report: 13,
    have: 'A rotation that preflight refuses for the same reason several times',
    does: 'ends with each reason once, and exit code 2; nothing was changed',
    made: 'API server, Temporal server: an input that waives three Deployments of the control plane',
    see: async () => {
      const names = ['linkerd-identity', 'linkerd-destination', 'linkerd-proxy-injector'];
      const waive = names.map((name) => ({ subject: `linkerd/Deployment/${name}`, reason: 'a test' }));
      const worker = startWorker();
      try {
        return await withInputFile({ ...FAST, waive }, async (file) => {
          const id = `test-refused-${Date.now()}`;
          const { code, stderr } = await reroot(['rotate', '-f', file, '--workflow-id', id]);
          expect(code).toBe(2);
          expect(stderr).toContain('`reroot explain ControlPlaneWaived`');
          return lineOf(stderr, '✖ ControlPlaneWaived, 3 times');
        });
      } finally {
        await worker.stop();
      }
    },
  },
  {
    report: 13,
    have: 'A mesh in which five thousand proxies cannot be read',
    does: 'a result of at most 100 findings travels (64 KB), all are counted, and a screen shows them',
    made: 'process: 5,000 findings',
    see: async () => {
      const one = (index: number): Finding => ({
        ...{
          reason: 'ProxyUnreadable',
          severity: 'block',
          message: `its proxy cannot be read: ${'no answer '.repeat(20)}`,
        },
        ...{ subject: { kind: 'pod', name: `shop/Pod/web-${index}` }, hint: 'repair the pod' },
      });
      const { findings, findingsOmitted } = named(Array.from({ length: 5000 }, (_, index) => one(index)));
      expect(jsonBytes({ findings, findingsOmitted })).toBeLessThan(66_000);
      const lines = renderFindings(findings, { omitted: findingsOmitted }).split('\n');
      expect(lines.length).toBeLessThan(10);
      return await Promise.resolve(lineOf(lines.join('\n'), '✖ ProxyUnreadable, 5000 times').slice(0, 60));
    },
  },
  {
    report: 'reasons',
    have: 'A reason in an alert or a log, and nobody who knows it',
    does: '`reroot explain REASON` says what it means, what it blocks, its cause and its cure, however it is written',
    made: 'process: `reroot explain anotherwriter`',
    sample: true,
    see: async () => {
      const { code, stdout } = await reroot(['explain', 'anotherwriter']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^AnotherWriter\n\n.+\n\n- Blocks: .+\n[^]*- Cause: .+\n[^]*- Cure: /);
      const all = (await reroot(['explain'])).stdout.trimEnd().split('\n');
      expect(all.length).toBeGreaterThan(100);
      return `${stdout.split('\n')[2]} (${all.length} reasons)`;
    },
  },
  {
    report: 'reasons',
    have: 'A reason that is misspelt',
    does: 'offers what is like it, with exit code 2',
    made: 'process: `reroot explain AnotherWritter`',
    see: async () => {
      const { code, stderr } = await reroot(['explain', 'AnotherWritter']);
      expect(code).toBe(2);
      expect(stderr).toContain('Did you mean AnotherWriter');
      return stderr.trim();
    },
  },
  {
    report: 'completion',
    have: 'bash without the package bash-completion',
    does: '`source <(reroot completion bash)` completes commands, options, their values and reasons, and runs nothing of what was typed',
    made: 'process: a real bash that has sourced the script twice',
    see: async () => {
      const [command, value, joined, reason, hostile] = await completedByBash([
        ['reroot', 'rotate-'],
        ['reroot', 'rotate', '--strategy', ''],
        ['reroot', 'preflight', '--output', '=', 'ya'],
        ['reroot', 'explain', 'AnotherW'],
        ['reroot', 'waive', '$(touch ran)`touch ran`', '--ga'],
      ]);
      expect({ command, joined, reason, hostile }).toEqual({
        ...{ command: 'rotate-issuer', joined: 'yaml', reason: 'AnotherWriter', hostile: '--gate' },
      });
      expect(value?.split(' ')).toContain('standard');
      return `rotate- → ${command}; --strategy → ${value}; explain AnotherW → ${reason}`;
    },
  },
  {
    report: 'yaml',
    have: 'Scripts that read YAML',
    does: '`-o yaml` says the same as `-o json`; another format is refused with exit code 2',
    made: 'API server: the mesh of the sandbox',
    see: async () => {
      const [yaml, json] = [await reroot(['preflight', '-o', 'yaml']), await reroot(['preflight', '-o', 'json'])];
      const facts = parse(yaml.stdout) as Record<string, unknown>;
      expect(facts).toEqual(JSON.parse(json.stdout));
      const { code, stderr } = await reroot(['preflight', '-o', 'xml']);
      expect(code).toBe(2);
      expect(stderr).toContain('Allowed choices are text, json, yaml');
      return `the same ${Object.keys(facts).length} fields: ${Object.keys(facts).slice(0, 4).join(', ')}, …`;
    },
  },
  {
    report: 'lines',
    have: 'A log of a rotation of 300 namespaces, as in a pipeline',
    does: 'a line of at most 160 characters: how many are done, who is under way, and how many more; counts alone make one in ten seconds',
    made: 'process: the status of such a rotation',
    see: async () => {
      const line = renderLine(underWay(300));
      expect(line.length).toBeLessThanOrEqual(160);
      expect(line).toMatch(/^trust: 45 of 300 namespaces, .* and 252 more\)$/);
      return await Promise.resolve(line);
    },
  },
  {
    report: 'lines',
    have: 'A terminal with a rotation of 300 namespaces',
    does: 'shows those that are stuck or under way, and counts those that are queued or done',
    made: 'process: the status of such a rotation',
    see: async () => {
      const lines = renderPicture(underWay(300)).split('\n');
      expect(lines.length).toBeLessThan(24);
      return await Promise.resolve(lineOf(lines.join('\n'), '…'));
    },
  },
];
