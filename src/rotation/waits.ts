import { LONGEST_SAYING, plain } from '../ground/plain.js';
import { fitting } from '../ground/size.js';
import type { HandOff } from './hand-off.js';
import type { RotationStatus, Waiting } from './status.js';

/**
 * Everything that the workflow waits for, in one place: docs/safety.md shows the same table. `ends`: what ends the wait
 * without a person, `asks`: after how long a person is asked, `todo`: in which words. What activities wait for inside a
 * phase ends in a straggler (rollout.ts), and is asked for as `gate`.
 */
export const WAITS = {
  worker: {
    kind: 'worker',
    for: 'a worker of the cluster',
    ends: 'a worker of the cluster polls',
    asks: 'after 5 s',
    todo: 'Start one: `reroot worker --cluster <name>`.',
  },
  approval: {
    kind: 'approval',
    for: 'approval of a phase',
    ends: 'nothing: a person decides. Past the point of no return, a bridge certificate that ends soon',
    asks: 'at once',
    todo: 'Send `approve` with the hash of the plan, or `reroot approve`.',
  },
  paused: {
    kind: 'paused',
    for: 'resume',
    ends: 'nothing: a person has paused it',
    asks: 'at once',
    todo: 'Send `resume` to go on.',
  },
  reverted: {
    kind: 'paused',
    for: 'resume (paused: another writer reverts the rotation)',
    ends: 'nothing: a person has to stop the other writer',
    asks: 'at once',
    todo: 'Stop the writer that is named (or change what it writes from), then send `resume`.',
  },
  stepRefused: {
    kind: 'attention',
    for: 'somebody to repair what stopped this step',
    ends: 'nothing: the answer stands until somebody changes something',
    asks: 'at once',
    todo: 'Repair it, then send `retry`.',
  },
  stepFailing: {
    kind: 'attention',
    for: 'a step that keeps failing',
    ends: 'the step succeeds: it is tried again all the while',
    asks: 'after 12 tries, some 4 min',
    todo: 'Repair what is named: the step is tried again every 30 s by itself.',
  },
  handOff: {
    kind: 'handOff',
    for: 'somebody else to write what is theirs: Git, Helm values, Terraform, another team',
    ends: 'the cluster shows exactly what was asked for, whoever wrote it',
    asks: 'at once, and again when the difference is another one',
    todo: '`reroot hand-off` prints what has to be there: put it where the object comes from. `retry`: what others have added since stays.',
  },
  gate: {
    kind: 'attention',
    for: 'proxies that do not meet the gate of a phase',
    ends: 'somebody repairs what is named: the gate is looked at all the while',
    asks: 'after `rollout.stuckAfter` (10 min)',
    todo: 'Repair what is named (the rotation notices by itself), `retry`, or `waive` it with a reason.',
  },
  members: {
    kind: 'attention',
    for: "a person's word for VMs and linked clusters, whose proxies reroot cannot see",
    ends: 'what is named has left the mesh',
    asks: 'at once, when every proxy that can be seen is right',
    todo: 'Give them the new root, then `waive` each that is named.',
  },
  renewal: {
    kind: 'renewal',
    for: "the proxies' own renewal of their leaves",
    ends: 'every proxy has renewed its leaf, at the latest 70 % of its life after it got it; another writer has put something back',
    asks: 'when a proxy has missed its own time, or the time that every proxy has, or cannot be read for `rollout.stuckAfter`',
    todo: 'Nothing to do. To be quicker, `reroot strategy --leaf-renewal roll` rolls what is left.',
  },
  late: {
    kind: 'attention',
    for: 'proxies that do not renew their leaves as they should, or cannot be read',
    ends: 'they renew, can be read again, or are gone; another writer has put something back',
    asks: 'at once',
    todo: 'Repair what keeps them (the rotation notices by itself), or `waive` them with a reason. `retry` looks again, and rolls the workloads of those that have missed their renewal or renewed in vain, and no others.',
  },
  organic: {
    kind: 'renewal',
    for: 'your own deployments to replace pods',
    ends: 'every pod is replaced, or `rollout.deadline` (14d): what is left is rolled; another writer has put something back',
    asks: 'not at all: after the deadline it rolls by itself',
    todo: 'Nothing to do: what is left then is rolled. To be quicker, `reroot strategy --pace forced`.',
  },
  window: {
    kind: 'window',
    for: 'the next of `rollout.windows`',
    ends: 'it opens. Past the point of no return, a bridge certificate that ends soon',
    asks: 'not at all: what is left is rolled then',
    todo: 'Nothing to do: it goes on by itself then. To roll now, `reroot strategy --pace forced`.',
  },
  renewedRoot: {
    kind: 'approval',
    for: 'a word to begin the rotation to a root that has renewed itself (`reroot watch`)',
    ends: 'the mesh works under that root, whoever has brought it there',
    asks: 'at once',
    todo: 'Send `approve` with the root, or `reroot watch --approve <root>`.',
  },
  issuerAhead: {
    kind: 'attention',
    for: 'proxies to trust a renewed root that the issuer is under already',
    ends: 'every proxy trusts it',
    asks: 'at once',
    todo: 'Do not restart identity yet: its leaves would be refused. Restart the meshed workloads, which take both roots from the bundle; then the control plane.',
  },
  watchedRotation: {
    kind: 'attention',
    for: 'a rotation that a watch has started, and that ended without bringing the mesh to the renewed root',
    ends: 'the mesh works under that root, whoever has brought it there',
    asks: 'at once',
    todo: 'Repair what it says (`reroot status`). `reroot watch --approve <root>` starts another, and so does `reroot rotate`.',
  },
  expiring: {
    kind: 'attention',
    for: 'a word to replace a root or issuer that expires: the last rotation has ended without doing so',
    ends: 'it is replaced, whoever does that',
    asks: 'at once',
    todo: 'Repair what that rotation says (`reroot status`). `reroot watch --approve <root>` starts another, and so do `reroot rotate` and `reroot rotate-issuer`.',
  },
} as const satisfies Record<string, Omit<Waiting, 'since' | 'on' | 'planHash'> & { ends: string; asks: string }>;

/**
 * What steps wait for by themselves. Each ends after a time that the input sets, in a straggler or another finding, which
 * `gate` asks a person for; the other workloads go on meanwhile.
 */
export const STEP_WAITS = {
  rollout: {
    for: 'the rollout of a workload',
    ends: 'its controller has replaced every pod',
    asks: 'after `rollout.stuckAfter`, or its own progress deadline: `RolloutStuck`',
  },
  eviction: {
    for: 'a PodDisruptionBudget to let a pod go',
    ends: 'the eviction is accepted',
    asks: 'after `rollout.stuckAfter`: `EvictionBlocked`',
  },
  leaving: {
    for: 'a pod that is being deleted',
    ends: 'it is gone',
    asks: '`rollout.stuckAfter` after its own grace: `TerminatingStuck`',
  },
  reading: {
    for: 'a proxy that cannot be read',
    ends: 'it answers, or its pod is gone',
    asks: 'after `rollout.stuckAfter`: `ProxyUnreadable`',
  },
  injector: {
    for: 'the proxy injector to be ready, before anything is rolled',
    ends: 'one of its replicas is ready',
    asks: 'after `rollout.stuckAfter`: `InjectorDown`',
  },
  injection: {
    for: 'new pods to come out with the bundle of the phase',
    ends: 'every dry run comes out right, or no namespace takes one (`RehearsalRefused`)',
    asks: 'after `rollout.stuckAfter`: `InjectionBroken`',
  },
  first: {
    for: 'the first workload of a namespace to come out right, where no dry run is taken',
    ends: 'a new pod of it has the bundle of the phase: the others are rolled',
    asks: 'when none has, at the end of its rollout or after `rollout.stuckAfter`: `FirstNotProven`',
  },
  identity: {
    for: "identity's word that it took the issuer",
    ends: 'the event comes, or every replica hands out the issuer',
    asks: 'not at all: after `timing.issuerEvent` (3 min) identity is restarted, and the gate decides',
  },
  settling: {
    for: 'proxies that should answer by now, the injector, and a control plane that an earlier run was rolling, in preflight',
    ends: 'nothing of it blocks any more',
    asks: 'after `rollout.stuckAfter` (30 s where no earlier run left anything): it is a finding of preflight',
  },
} as const satisfies Record<string, { for: string; ends: string; asks: string }>;

/** Room in a status for the waits beside the first, and for whom one waits. */
const WAITS_SHOWN = { most: 50, bytes: 24_000 };
const SUBJECTS_SHOWN = { most: 50, bytes: 12_000 };
/** Characters: a finding with its hint. */
const LONGEST_SUBJECT = 2200;

/** How a hand-off is waited for, since it was first asked for. */
export function handOffWait(handOff: HandOff, since: string): Waiting {
  const who = handOff.who === undefined ? '' : `, which ${handOff.who} writes`;
  return {
    kind: WAITS.handOff.kind,
    for: `${handOff.for}${who}`,
    since,
    on: handOff.difference,
    todo: handOff.todo,
    handOff,
  };
}

function short(waiting: Waiting): Waiting {
  const on = waiting.on.slice(0, SUBJECTS_SHOWN.most).map((subject) => plain(subject, LONGEST_SUBJECT));
  return { ...waiting, for: plain(waiting.for, LONGEST_SAYING), on: fitting(on, SUBJECTS_SHOWN) };
}

/** Which of several waits a person should look at first. */
const PRESSING: readonly Waiting['kind'][] = [
  'worker',
  'paused',
  'approval',
  'handOff',
  'attention',
  'renewal',
  'window',
];

/** Shows a set of waits: several namespaces may wait at a time, and each ends by itself. The newest of a kind comes first. */
export function showWaits(status: RotationStatus, waits: readonly Waiting[]): void {
  const shown = new Map(
    waits.map(short).map((waiting) => [`${waiting.kind} ${waiting.for} ${waiting.on.join()}`, waiting]),
  );
  const [first, ...others] = [...shown.values()]
    .toReversed()
    .toSorted((a, b) => PRESSING.indexOf(a.kind) - PRESSING.indexOf(b.kind));
  delete status.waiting;
  delete status.alsoWaiting;
  if (first) status.waiting = first;
  if (others.length > 0) status.alsoWaiting = fitting(others, WAITS_SHOWN);
}

/** Everything that is waited for. */
export function waitsOf({ waiting, alsoWaiting = [] }: Pick<RotationStatus, 'waiting' | 'alsoWaiting'>): Waiting[] {
  return waiting ? [waiting, ...alsoWaiting] : [];
}
