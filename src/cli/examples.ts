import type { Command } from 'commander';

/** Under the help of each command, in docs/cli-reference.md and in the man page. A test parses each, and reads its input. */
export interface Example {
  /** What it is for. */
  for: string;
  /** Without the program's name. */
  type: string;
}

export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  preflight: [
    { for: 'Is this mesh ready, and how long would each phase last?', type: 'preflight --context prod' },
    { for: 'With another strategy, each finding in a line', type: 'preflight --strategy patient --details' },
  ],
  rotate: [
    { for: 'The plan, without a change', type: 'rotate --cluster prod --context prod --dry-run' },
    { for: 'Start it, or find the one that runs, and follow it', type: 'rotate --cluster prod --context prod' },
    { for: 'Your own deployments are the rollout', type: 'rotate --cluster prod --pace organic --deadline 7d' },
    { for: 'The issuer key was stolen', type: 'rotate --cluster prod --strategy standard --issuer-key-compromised' },
  ],
  'rotate-issuer': [{ for: 'A new issuer for 90 days', type: 'rotate-issuer --cluster prod --issuer-validity 90d' }],
  status: [
    { for: 'Where it stands, and what to do', type: 'status --cluster prod' },
    { for: 'For a script', type: 'status --cluster prod -o json' },
  ],
  report: [
    { for: 'Who, what and when, for people', type: 'report --context prod' },
    { for: 'The file that an auditor verifies', type: 'report --context prod -o json --file rotation.json' },
    { for: 'The same with a picture', type: 'report --context prod -o html --file rotation.html' },
  ],
  verify: [{ for: 'Offline, from the file alone', type: 'verify rotation.json' }],
  values: [{ for: 'Values for the next helm upgrade', type: 'values --context prod > linkerd-identity.yaml' }],
  'hand-off': [
    { for: 'What somebody else has to write', type: 'hand-off --cluster prod' },
    { for: 'Write it here and now', type: 'hand-off --cluster prod -o patch | sh' },
  ],
  approve: [
    { for: 'See the plan, and be asked', type: 'approve --cluster prod' },
    {
      for: 'Where nobody can be asked: the hash that status shows',
      type: 'approve --cluster prod --plan c057c457a82ac523020510cec2748337 --by alice',
    },
  ],
  abort: [{ for: 'Back to the certificates of the start', type: "abort --cluster prod --reason 'release freeze'" }],
  waive: [
    {
      for: 'Do not wait for the rollout of a workload; its proxies still have to pass',
      type: "waive shop/Deployment/old --cluster prod --reason 'scaled down tomorrow'",
    },
    {
      for: 'Go on without a pod, which may be refused by others from then on',
      type: "waive shop/Pod/batch-x7 --cluster prod --gate retire --reason 'ends tonight'",
    },
  ],
  unwaive: [{ for: 'Wait for it again', type: 'unwaive shop/Deployment/old --cluster prod' }],
  pause: [{ for: 'Start nothing new', type: "pause --cluster prod --reason 'incident 4711'" }],
  resume: [{ for: 'Go on', type: 'resume --cluster prod' }],
  retry: [{ for: 'After a repair: look again now', type: 'retry --cluster prod' }],
  strategy: [
    { for: 'Do not wait for renewals', type: 'strategy --cluster prod --leaf-renewal roll' },
    { for: 'Roll now, not in the next window', type: 'strategy --cluster prod --pace forced' },
  ],
  watch: [
    { for: 'Look every ten minutes, ask before a rotation', type: 'watch --cluster prod --on-renewal ask' },
    { for: 'From a Temporal Schedule', type: 'watch --cluster prod --schedule 6h' },
    { for: 'End it', type: 'watch --cluster prod --stop' },
  ],
  schedule: [
    {
      for: 'Look daily, and rotate 60 days before the root expires',
      type: 'schedule create --cluster prod --at 03:00 --before 60d',
    },
    { for: 'When it looks next, and what it has seen', type: 'schedule show --cluster prod' },
  ],
  worker: [{ for: 'Serve one of several clusters', type: 'worker --cluster prod --context prod' }],
  ui: [{ for: 'The page of the worker in the cluster, here', type: 'ui --context prod' }],
  explain: [
    { for: 'Cause and cure of a reason', type: 'explain RolloutStuck' },
    { for: 'All of them', type: 'explain' },
  ],
  check: [
    { for: 'What would stop a rotation', type: 'check --context prod' },
    { for: 'What `linkerd check` asks for', type: 'check --output json' },
  ],
  version: [
    { for: 'This program, the cluster, the workers', type: 'version --cluster prod --context prod' },
    { for: 'This program alone, for a script', type: 'version --client -o json' },
  ],
  completion: [{ for: 'For the shell that runs', type: 'completion bash' }],
};

/** To be called last: each command that has examples says them under its help. */
export function addExamples(program: Command): void {
  for (const command of program.commands) {
    const examples = EXAMPLES[command.name()];
    if (examples) command.addHelpText('after', `\n${examplesText(examples, program.name())}`);
  }
}

function examplesText(examples: readonly Example[], name: string): string {
  const lines = examples.flatMap((example) => [`  # ${example.for}`, `  ${name} ${example.type}`]);
  return ['Examples:', ...lines].join('\n');
}
