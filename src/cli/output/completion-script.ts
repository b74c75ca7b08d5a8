import type { Command } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;

interface Words {
  /** `''` for the program itself, `cluster` for a noun, `cluster up` for a verb. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly string[];
}

/** A completion script made from the program's own commands, so that it cannot differ from them. */
export function completionScript(program: Command, shell: (typeof shells)[number]): string {
  const words = [...wordsOf(program, '', optionsOf(program))];
  if (shell === 'bash') return bashScript(words);
  return shell === 'zsh'
    ? `#compdef assent\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(words)}`
    : fishScript(words);
}

function* wordsOf(command: Command, path: string, globals: readonly string[]): Generator<Words, void> {
  yield {
    path,
    commands: command.commands.map((child) => ({ name: child.name(), description: child.description() })),
    options: [...new Set([...optionsOf(command), ...globals])],
  };
  for (const child of command.commands) yield* wordsOf(child, `${path} ${child.name()}`.trim(), globals);
}

function optionsOf(command: Command): string[] {
  return command.options.flatMap(({ long }) => (long ? [long] : []));
}

function bashScript(words: readonly Words[]): string {
  const cases = words.map(({ path, commands, options }) => {
    const all = [...commands.map(({ name }) => name), ...options].join(' ');
    return `    '${path}') words='${all}' ;;`;
  });
  return `_assent() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join('\n')}
    *) words='${(words[0]?.options ?? []).join(' ')}' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _assent assent`;
}

function fishScript(words: readonly Words[]): string {
  const lines = words.flatMap(({ path, commands, options }) => {
    const parts = path === '' ? [] : path.split(' ');
    const condition =
      parts.map((part) => `__fish_seen_subcommand_from ${part}`).join('; and ') || '__fish_use_subcommand';
    return [
      ...commands.map(
        ({ name, description }) =>
          `complete -c assent -n '${condition}' -f -a ${name} -d '${description.replaceAll("'", "\\'")}'`,
      ),
      ...(path === '' ? [] : options.map((option) => `complete -c assent -n '${condition}' -l ${option.slice(2)}`)),
    ];
  });
  return lines.join('\n');
}
