import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { renderApproval } from '../../../../src/cli/view/approval.js';
import { endText } from '../../../../src/cli/view/end.js';
import { renderFindings } from '../../../../src/cli/view/findings.js';
import { renderLine, renderPicture, renderPlan } from '../../../../src/cli/view/render.js';
import { reportText } from '../../../../src/cli/view/report.js';
import { unansweredText } from '../../../../src/cli/view/unanswered.js';
import type { RotationEnd } from '../../../../src/cli/session/end.js';
import { type Next, hostileTexts, oneAfterTheOther, UNFIT } from '../../hostile.js';
import { finding, pictureWith, planWith, reportWith } from '../../hostile-rotation.js';

const NOW = new Date('2026-01-01T01:00:00Z');

function endWith(next: Next, more: Partial<RotationEnd>): RotationEnd {
  return {
    ...{ workflowId: next(), runId: next(), cluster: next(), outcome: 'failed', startedAt: next(), finishedAt: next() },
    ...{ again: next(), ...more },
  };
}

const texts: Record<string, (next: Next) => string> = {
  'the picture': (next) => renderPicture(pictureWith(next)),
  'a line': (next) => renderLine(pictureWith(next)),
  'the plan': (next) => renderPlan(planWith(next)),
  findings: (next) =>
    renderFindings([finding(next), { ...finding(next), severity: 'warn' }], { omitted: { [next()]: 3 } }),
  'findings in detail': (next) => renderFindings([finding(next), finding(next)], { details: true }),
  'the question for an approval': (next) => renderApproval(pictureWith(next).status),
  'the report': (next) => reportText(reportWith(next, 'completed')),
  'the report of an abort': (next) => reportText(reportWith(next, 'aborted')),
  'the end with a report': (next) => endText(endWith(next, { report: reportWith(next, 'completed') }), NOW),
  'the end with a plan': (next) =>
    endText(endWith(next, { plan: { plan: planWith(next), findings: [finding(next)] } }), NOW),
  'no answer': (next) =>
    unansweredText(
      {
        ...{ workflowId: next(), runId: next(), cluster: next(), outcome: 'running', phase: `p${next()}` },
        ...{ startedAt: next(), answered: false, start: next() },
      },
      NOW,
    ),
};

/** As it is written in UTF-8, without the CLI's own colours: those that it writes where there is a terminal. */
function written(text: string): string {
  const utf8 = Buffer.from(text).toString();
  return pc.isColorSupported ? stripVTControlCharacters(utf8) : utf8;
}

const benign: Next = () => 'x';

/** They try a hundred texts each, on a machine that does other things too. */
const LONG = 60_000;

describe.each(Object.entries(texts))('%s', (_what, render) => {
  it('has nothing in it but text and its own lines, whatever others have written', { timeout: LONG }, () => {
    const lines = render(benign).split('\n').length;
    fc.assert(
      fc.property(hostileTexts, (hostile) => {
        const text = written(render(oneAfterTheOther(hostile)));
        expect(text).not.toMatch(UNFIT);
        expect(text.split('\n').length).toBeLessThanOrEqual(lines);
      }),
    );
  });
});

describe('a failure of a rotation', () => {
  it('may have several lines, and nothing else that moves a terminal', { timeout: LONG }, () => {
    fc.assert(
      fc.property(hostileTexts, (hostile) => {
        const next = oneAfterTheOther(hostile);
        const failure = { type: next(), message: next(), left: { putBack: false, changed: true, why: next() } };
        expect(written(endText(endWith(next, { failure }), NOW))).not.toMatch(UNFIT);
      }),
    );
    expect(endText(endWith(benign, { failure: { type: 't', message: 'a\n- b' } }), NOW)).toContain('a\n- b');
  });
});
