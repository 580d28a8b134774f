import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { type CalledName, executable } from '../called.js';
import { reasons } from '../reasons.js';

type Shell = 'bash' | 'zsh' | 'fish' | 'powershell';

/** To be called last: it reads the tree of commands. The shell asks the hidden command `complete` what may follow. */
export function addCompletionCommand(program: Command, name: CalledName): void {
  const called = executable(name);
  const completion = tab(program, { completionCommandName: 'completion' });
  completion.commands.get('explain')?.argument('reason', (complete) => {
    for (const { name: reason, summary } of reasons()) complete(reason, summary);
  });
  program.commands
    .find((command) => command.name() === 'completion')
    ?.description('print the script that completes commands, options and their values in your shell')
    .addHelpText('after', helpText(name))
    .action((shell: Shell) => {
      if (shell === 'bash') process.stdout.write(bashScript(called));
      else completion.setup(called, called, shell);
    });
}

/** kubectl asks `kubectl_complete-reroot`, which the package has; linkerd asks nobody. */
function helpText(name: CalledName): string {
  const called = executable(name);
  const ofKubectl =
    name === 'kubectl reroot'
      ? '\n`kubectl reroot` needs none: kubectl (1.26 and newer) asks `kubectl_complete-reroot` of the PATH. This is for `kubectl-reroot`.\n'
      : '';
  return `${ofKubectl}
bash:  source <(${called} completion bash)          in ~/.bashrc
zsh:   source <(${called} completion zsh)           in ~/.zshrc, after compinit
fish:  ${called} completion fish > ~/.config/fish/completions/${called}.fish`;
}

/**
 * The library's script for bash needs the package bash-completion, names read-only variables for the whole shell, so that it
 * cannot be sourced twice, and evaluates what was typed. This one needs bash alone.
 */
function bashScript(name: string): string {
  return String.raw`# bash completion for ${name}
_${name}_complete() {
  local current="${'$'}{COMP_WORDS[COMP_CWORD]}" word line value
  local -a words=()
  [[ $current == '=' ]] && current=''
  for word in "${'$'}{COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == '=' ]] || words+=("$word")
  done
  COMPREPLY=()
  while IFS= read -r line; do
    value="${'$'}{line%%$'\t'*}"
    if [[ $line != :* && $value == "$current"* ]]; then COMPREPLY+=("$value"); fi
  done < <("${'$'}{COMP_WORDS[0]/#\~/${'$'}{HOME-}}" complete -- "${'$'}{words[@]}" "$current" 2>/dev/null)
}
complete -o default -F _${name}_complete ${name}
`;
}
