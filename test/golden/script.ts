/** A command of a script, with the comments and blank lines before it. */
export interface Step {
  readonly lead: readonly string[];
  readonly line: number;
  readonly command: string;
}

export interface Script {
  readonly steps: readonly Step[];
  /** Comments after the last command. */
  readonly end: readonly string[];
}

/**
 * Reads a script: `> ` starts a command, `#` a comment; every other line is what the command before it printed. What was
 * printed is left out: running the script writes it anew.
 */
export function parseScript(text: string): Script {
  const steps: Step[] = [];
  let lead: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.startsWith('> ')) {
      steps.push({ lead, line: index + 1, command: line.slice(2).trim() });
      lead = [];
    } else if (line.startsWith('#') || line === '') lead.push(line);
    else if (!line.startsWith('  '))
      throw new Error(`line ${index + 1}: a command starts with "> ", what it prints with two spaces`);
  }
  while (lead.at(-1) === '') lead.pop();
  return { steps, end: lead };
}

/** The script as a file, with what each command prints. */
export function printScript({ steps, end }: Script, run: (step: Step) => readonly string[]): string {
  const lines = steps.flatMap((step) => [...step.lead, `> ${step.command}`, ...run(step)]);
  return `${[...lines, ...end].join('\n')}\n`;
}
