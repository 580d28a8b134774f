import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PAGE_SCRIPT, PAGE_STYLE, PAGES, renderBody, renderPage } from '../../../src/picture/index.js';
import { unseenIn } from '../../../src/ground/plain.js';
import { inOrder, NAMESPACES_SHOWN } from '../../../src/picture/mesh.js';
import { all, byId, type Element, named, parse, text, withClass } from './markup.js';
import {
  completed,
  halfWay,
  hostile,
  large,
  renewing,
  type Scene,
  SCENES,
  stuck,
  waitingForApproval,
  scheduled,
  watching,
} from './overviews.js';

function drawn(scene: Scene): Element {
  return parse(renderBody(scene.overview, scene.now));
}

function wholePage({ overview, now }: Scene, live = true): Element {
  return parse(renderPage(overview, now, { live }));
}

const every = Object.entries(SCENES).map(([name, make]) => [name, make] as const);

/** Rows of the table of namespaces: name, proxies, trust, present. */
function namespaceRows(page: Element): string[][] {
  const [table] = withClass(page, 'namespaces');
  const body = table && named(table, 'tbody')[0];
  return body ? named(body, 'tr').map((row) => named(row, 'th', 'td').map((cell) => text(cell))) : [];
}

describe.each(every)('the page of a cluster: %s', (_name, make) => {
  const page = wholePage(make());
  const elements = all(page);

  it('has one headline, and no level of headings is left out', () => {
    const levels = named(page, 'h1', 'h2', 'h3', 'h4').map(({ name }) => Number(name.slice(1)));
    expect(levels.filter((level) => level === 1)).toEqual([1]);
    for (const [index, level] of levels.entries()) expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1);
  });

  it('has landmarks, and a link that skips to the picture', () => {
    expect(['header', 'main', 'footer'].map((name) => named(page, name).length)).toEqual([1, 1, 1]);
    const [skip] = withClass(page, 'skip');
    expect(byId(page, (skip?.attributes['href'] ?? '').slice(1))?.name).toBe('main');
  });

  it('has no id twice, and every reference leads somewhere', () => {
    const ids = elements.flatMap(({ attributes }) => attributes['id'] ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const references = elements.flatMap(({ attributes }) =>
      (attributes['aria-labelledby'] ?? '').split(' ').filter(Boolean),
    );
    const uses = named(page, 'use').map(({ attributes }) => (attributes['href'] ?? '').slice(1));
    expect([...references, ...uses].filter((id) => !ids.includes(id))).toEqual([]);
  });

  it('names every picture, or hides it from who hears the page', () => {
    for (const picture of named(page, 'svg')) {
      if (picture.attributes['aria-hidden'] === 'true') continue;
      expect(picture.attributes['role']).toBe('img');
      expect(text(named(picture, 'title')[0])).not.toBe('');
      expect(text(named(picture, 'desc')[0])).toMatch(/At last: \d/);
    }
  });

  it('has a scope for each head of each table', () => {
    for (const head of named(page, 'th')) expect(['col', 'row', 'colgroup']).toContain(head.attributes['scope']);
  });

  it('speaks by itself of nothing that changes by the second', () => {
    const live = elements.filter(
      ({ attributes }) => attributes['role'] === 'status' || attributes['aria-live'] !== undefined,
    );
    expect(live.map(({ attributes }) => attributes['id'])).toEqual(['said']);
    const { overview, now } = make();
    const later = parse(renderBody(overview, new Date(now.getTime() + 61_000)));
    expect(text(byId(later, 'said'))).toBe(text(byId(page, 'said')));
  });

  it('has one script and one style, and no handler or style in an attribute', () => {
    expect(named(page, 'script').map(({ children }) => children)).toEqual([[PAGE_SCRIPT]]);
    expect(named(page, 'style').map(({ children }) => children)).toEqual([[PAGE_STYLE]]);
    const attributes = elements.flatMap((element) => Object.keys(element.attributes));
    expect(attributes.filter((name) => name.startsWith('on') || name === 'style')).toEqual([]);
  });

  it('asks for nothing from anywhere', () => {
    const links = elements.flatMap(({ attributes }) =>
      [attributes['href'], attributes['src']].filter((link) => link !== undefined),
    );
    expect(links.filter((link) => !link.startsWith('#') && !link.startsWith('data:'))).toEqual([]);
  });

  it('shows no certificate and no key, whatever is handed off', () => {
    expect(renderBody(make().overview, make().now)).not.toContain('-----BEGIN');
  });
});

describe('what others have written', () => {
  const scene = hostile();
  const page = drawn(scene);

  it('is text: no element and no attribute comes of it', () => {
    expect(named(page, 'script', 'img')).toEqual([]);
    expect(
      all(page)
        .flatMap(({ attributes }) => Object.keys(attributes))
        .filter((name) => name.startsWith('on')),
    ).toEqual([]);
    expect(text(named(page, 'h2')[0])).toContain('<script>alert("1")</script><img src=x onerror=\'alert(2)\'>');
  });

  it('moves no text and hides none', () => {
    const written = renderPage(scene.overview, scene.now, { live: false });
    expect(unseenIn(written).filter((character) => character !== 'U+000A')).toEqual([]);
    expect(written).toContain('\uFFFDgnp.exe\uFFFD');
  });

  it('stays one word where it is to be typed', () => {
    const [command] = withClass(page, 'command');
    expect(text(command)).toMatch(/^reroot hand-off --cluster '.*'$/);
  });
});

describe('the headline', () => {
  it.each([
    [renewing(), 'renew proxies renew by themselves', 'prod: renew, proxies renew by themselves'],
    [waitingForApproval(), 'approve waiting for approval', '(!) prod: approve, waiting for approval'],
    [stuck(), 'retire needs attention', '(!) prod: retire, needs attention'],
    [completed(), 'Rotation completed', 'prod: Rotation completed'],
    [watching(), 'No rotation under way', 'prod: No rotation under way'],
    [SCENES.unreadable(), 'Nothing could be read', 'prod: Nothing could be read'],
    [SCENES.fresh(), 'Not looked at yet', 'prod: Not looked at yet'],
  ])('says where the cluster stands', (scene, headline, title) => {
    const page = drawn(scene);
    expect(text(named(page, 'h1')[0])).toBe(headline);
    expect(byId(page, 'body')?.attributes['data-title']).toBe(title);
  });

  it('says for how long, and how many are proven', () => {
    const page = drawn(renewing());
    expect(text(withClass(page, 'lead')[0])).toBe(
      'Strategy bridge. Under way for 15 min 15 s, in this phase for 13 min.',
    );
    expect(text(withClass(page, 'progress')[0])).toBe('29 of 47 proxies proven; the last one is due in 5 min.');
  });

  it.each([
    [waitingForApproval(), 'before', 'ahead'],
    [halfWay(), 'past', 'passed'],
  ])('shows whether there is a way back, on top and between the phases', (scene, mark, state) => {
    const page = drawn(scene);
    expect(withClass(page, 'mark').map(({ attributes }) => attributes['class'])).toEqual([`mark ${mark}`]);
    const phases = named(withClass(page, 'track')[0] as Element, 'li');
    const at = phases.findIndex(({ attributes }) => attributes['class']?.startsWith('no-return'));
    expect(text(withClass(phases[at - 1] as Element, 'name')[0])).toBe('approve');
    expect(text(withClass(phases[at + 1] as Element, 'name')[0])).toBe('retire');
    expect(text(withClass(phases[at] as Element, 'is')[0])).toBe(state);
  });
});

describe('what is waited for', () => {
  it('is loud when a person is asked, with what to do and what to type', () => {
    const page = drawn(waitingForApproval());
    const [waits] = withClass(page, 'loud');
    expect(text(named(waits as Element, 'h2')[0])).toBe('Waiting for approval of retire');
    expect(text(withClass(page, 'command')[0])).toBe(
      'reroot approve --cluster prod --plan c057c457a82ac523020510cec2748337',
    );
    expect(text(withClass(page, 'facts')[0])).toContain('(3 min 30 s)');
  });

  it('is quiet when nobody has to do anything', () => {
    const page = drawn(renewing());
    expect(withClass(page, 'loud')).toEqual([]);
    expect(withClass(page, 'quiet')).toHaveLength(1);
  });

  it('names on whom, and folds the rest', () => {
    const scene = stuck();
    const { status } = scene.overview.rotation ?? {};
    if (!status?.waiting) throw new Error('nothing is waited for');
    status.waiting.on = Array.from(
      { length: 9 },
      (_, index) => `RolloutStuck: shop/Deployment/web-${index}: not ready`,
    );
    const waits = withClass(drawn(scene), 'waits')[0] as Element;
    expect(text(named(waits, 'summary')[0])).toBe('6 more');
    expect(named(waits, 'li')).toHaveLength(9);
  });

  it('alerts say since when, and until when somebody has to act', () => {
    expect(text(withClass(drawn(stuck()), 'alerts')[0])).toMatch(
      /BridgeEnding .* Leaves end at 2026-12-14 17:03.UTC \(in 13.d\)/,
    );
  });
});

describe('the phases', () => {
  it('have their state and what they took, or what is predicted', () => {
    const phases = withClass(drawn(waitingForApproval()), 'phase').map((one) => text(one));
    expect(phases.map((one) => one.replaceAll('\u00A0', ' '))).toEqual([
      'preflight done 6 s',
      'generate done 3 s',
      'trust done 18 s',
      'bridge done 1 min 48 s',
      'renew done 18 min',
      'approve waits for somebody 3 min 30 s',
      'retire to come predicted: 4 to 9 min',
      'issue to come predicted: up to 2 min',
      'refresh to come predicted: 15 to 22 min',
      'finish to come predicted: a few seconds',
    ]);
  });

  it('mark the one that is current', () => {
    const current = all(drawn(halfWay())).filter(({ attributes }) => attributes['aria-current'] === 'step');
    expect(current.map((one) => text(withClass(one, 'name')[0]))).toEqual(['retire']);
  });
});

describe('the namespaces', () => {
  it('say how many proxies trust what and present what', () => {
    expect(namespaceRows(drawn(halfWay()))[1]).toEqual([
      'orders is rolled, 1 of 5 workloads: Deployment/orders-api: 1 of 2 pods ready',
      '9',
      'Trust3 new root, 5 old root, 1 not known',
      'Present8 both roots, 1 not known',
    ]);
  });

  it("have Linkerd's own first, then the worst", () => {
    expect(namespaceRows(drawn(stuck())).map(([name]) => name?.split(' ')[0])).toEqual([
      'linkerd',
      'payments',
      'logging',
      'catalog',
      'orders',
      'shop',
    ]);
  });

  it('are worst, on the way back, where the new root is', () => {
    const { overview } = halfWay();
    const status = overview.rotation?.status;
    status?.phases.push({ phase: 'abort', state: 'running' });
    expect(inOrder(overview.mesh?.namespaces ?? [], overview).map(({ namespace }) => namespace)).toEqual([
      'linkerd',
      'orders',
      'catalog',
      'payments',
      'logging',
      'shop',
    ]);
  });

  it('have bars as wide as their counts', () => {
    const [, orders] = named(withClass(drawn(halfWay()), 'namespaces')[0] as Element, 'tbody').flatMap((body) =>
      named(body, 'tr'),
    );
    const [trust] = withClass(orders as Element, 'bar');
    expect(
      named(trust as Element, 'rect').map(({ attributes }) => [
        attributes['class'],
        attributes['x'],
        attributes['width'],
      ]),
    ).toEqual([
      ['h-new', '0%', '33.33%'],
      ['h-old', '33.33%', '55.56%'],
      ['h-unknown', '88.89%', '11.11%'],
    ]);
  });

  it('are folded where there are hundreds, and none is left out', () => {
    const page = drawn(large());
    expect(namespaceRows(page)).toHaveLength(NAMESPACES_SHOWN);
    expect(text(named(byId(page, 'more-namespaces') as Element, 'summary')[0])).toMatch(
      /^470 more namespaces, \d+ proxies$/,
    );
    expect(named(withClass(page, 'compact')[0] as Element, 'tr')).toHaveLength(471);
  });

  it('have no old root between rotations: one is in use', () => {
    const legend = withClass(drawn(watching()), 'legend')[0];
    expect(text(legend)).toBe('root in use trusted by 47, presented by 47');
  });
});

describe('over time', () => {
  it('has two charts whose legends count what is now', () => {
    const charts = withClass(drawn(halfWay()), 'chart');
    expect(charts.map((chart) => text(named(chart, 'h3')[0]))).toEqual(['What proxies trust', 'What proxies present']);
    expect(charts.map((chart) => text(withClass(chart, 'legend')[0]))).toEqual([
      '20 new root 26 old root 1 not known',
      '47 both roots',
    ]);
  });

  it('has the same numbers in a table, with every change of phase', () => {
    const scene = completed();
    const [table] = withClass(drawn(scene), 'numbers');
    const rows = named(named(table as Element, 'tbody')[0] as Element, 'tr').map((row) =>
      named(row, 'th', 'td').map((cell) => text(cell)),
    );
    const phases = rows.map(([, phase]) => phase);
    expect(new Set(phases)).toEqual(new Set(scene.overview.timeline.map(({ phase }) => phase)));
    const last = scene.overview.timeline.at(-1);
    expect(rows.at(-1)).toEqual([last?.at.slice(0, 19).replace('T', ' '), 'finish', '47', '0', '0', '47', '0', '0']);
  });

  it('is not drawn between rotations, where nothing was seen of one', () => {
    expect(withClass(drawn(watching()), 'chart')).toEqual([]);
  });

  it('is not drawn of what lies between two rotations', () => {
    const scene = completed();
    const idle = {
      at: scene.now.toISOString(),
      trusts: { old: 47, both: 0, new: 0, other: 0, unknown: 0 },
      presents: { old: 47, both: 0, new: 0, other: 0, unknown: 0 },
    };
    scene.overview.timeline.push(idle);
    expect(text(withClass(withClass(drawn(scene), 'chart')[0] as Element, 'legend')[0])).toBe('47 new root');
  });
});

describe('certificates', () => {
  const rows = (scene: Scene) =>
    named(named(withClass(drawn(scene), 'ends')[0] as Element, 'tbody')[0] as Element, 'tr').map((row) =>
      named(row, 'th', 'td').map((cell) => text(cell).replaceAll('\u00A0', ' ')),
    );

  it('have their ends, what is left, and a fingerprint of 12 letters, the soonest first', () => {
    expect(rows(stuck())).toEqual([
      [
        'bridge certificate identity.linkerd.cluster.local',
        expect.stringMatching(/^[0-9a-f]{12}$/),
        '2026-12-14',
        '13 d',
      ],
      [
        'identity issuer identity.linkerd.cluster.local',
        expect.stringMatching(/^[0-9a-f]{12}$/),
        '2026-12-19',
        '18 d: expiring soon',
      ],
      [
        'trust anchor, old root root.linkerd.cluster.local',
        expect.stringMatching(/^[0-9a-f]{12}$/),
        '2027-01-08',
        '38 d',
      ],
      [
        'trust anchor, new root root.linkerd.cluster.local',
        expect.stringMatching(/^[0-9a-f]{12}$/),
        '2036-11-27',
        '10 years',
      ],
    ]);
  });

  it('say in words that one has expired', () => {
    const scene = stuck();
    const late = { ...scene, now: new Date('2026-12-20T09:00:00Z') };
    expect(rows(late).map(([, , , left]) => left)).toEqual([
      'expired 5 d 15 h ago',
      'expired 1 d ago',
      '19 d: expiring soon',
      '9.9 years',
    ]);
  });
});

describe('the rest', () => {
  it('says what happens next between rotations, the soonest first', () => {
    const coming = named(withClass(drawn(watching()), 'coming')[0] as Element, 'b').map((when) =>
      text(when).replaceAll('\u00A0', ' '),
    );
    expect(coming).toEqual(['in 36 min 3 s', 'in 1 d', 'in 9.5 years', 'in 9.9 years']);
  });

  it('says so where nothing watches', () => {
    expect(text(withClass(drawn(completed()), 'next')[0])).toContain('Nothing watches this cluster');
  });

  it('says when a Schedule looks next, what it has seen, and that its last look has failed', () => {
    const drawnAt = drawn(scheduled({ next: '2027-01-21T03:00:00Z', failure: 'no right to get secrets' }));
    const said = text(withClass(drawnAt, 'next')[0]).replaceAll('\u00A0', ' ');
    expect(said).toContain('in 18 h 36 min Schedule watch-trust-root-prod looks at the root again');
    expect(said).toContain('Schedule watch-trust-root-prod looks at the root (daily at 03:00 UTC).');
    expect(said).not.toContain('Nothing watches');
    expect(text(withClass(drawnAt, 'alerts')[0])).toContain('look watch-1 has failed: no right to get secrets');
  });

  it('says that a Schedule is paused', () => {
    const said = text(withClass(drawn(scheduled({ paused: 'see `TICKET-7`' })), 'next')[0]);
    expect(said).toContain('is paused (daily at 03:00 UTC): nothing is looked at. see TICKET-7');
    expect(said).not.toContain('looks at the root again');
  });

  it('has the result of the last rotation', () => {
    expect(text(withClass(drawn(watching()), 'report')[0])).toMatch(
      /Completed 2026-11-30 17:53.UTC.* Proven 47 proxies Decisions 1 approval, 0 waivers/,
    );
  });

  it('counts probes, and marks refusals by more than colour', () => {
    const figures = withClass(drawn(stuck()), 'figures')[0] as Element;
    expect(named(figures, 'dd').map((one) => text(one))).toEqual(['9 411', '3', '4']);
    expect(withClass(figures, 'i-alert')).toHaveLength(1);
    expect(withClass(withClass(drawn(renewing()), 'figures')[0] as Element, 'i-alert')).toEqual([]);
  });

  it('has stragglers with their hints, and decisions of people', () => {
    const page = drawn(stuck());
    expect(text(named(withClass(page, 'stragglers')[0] as Element, 'h2')[0])).toBe('2 stragglers');
    expect(text(withClass(page, 'hint')[0])).toContain('look at the log of its container app');
    expect(text(withClass(page, 'decisions')[0])).toContain(
      'Waived catalog/Deployment/legacy, its rollout alone by li@example.org: is switched off on Friday',
    );
  });

  it('shows problems, and nothing that is empty, where nothing could be read', () => {
    const page = drawn(SCENES.unreadable());
    expect(named(page, 'h2').map((one) => text(one))).toEqual(['What could not be read']);
    expect(named(withClass(page, 'problems')[0] as Element, 'li')).toHaveLength(2);
  });
});

describe('a page that is kept', () => {
  it('has no script, and a policy of its own', () => {
    const page = wholePage(stuck(), false);
    expect(named(page, 'script')).toEqual([]);
    const policy = named(page, 'meta').find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy');
    expect(policy?.attributes['content']).toContain(`style-src 'sha256-${hashOf(PAGE_STYLE)}'`);
    expect(policy?.attributes['content']).not.toContain('script-src');
  });
});

describe('what a server needs', () => {
  it('is the page, its body, its script, and a policy that names script and style by their hashes', () => {
    const { overview, now } = stuck();
    expect(PAGES.document(overview, now)).toContain(PAGES.body(overview, now));
    expect(PAGES.csp).toContain(`script-src 'sha256-${hashOf(PAGES.script)}'`);
    expect(PAGES.csp).toContain("default-src 'none'");
    expect(PAGES.csp).not.toContain('unsafe');
  });
});

function hashOf(some: string): string {
  return createHash('sha256').update(some).digest('base64');
}
