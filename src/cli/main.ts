import { runProgram } from './program.ts';
import { processShell } from './shell.ts';

// Who reads only the beginning (`| head`) has what they wanted.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });

process.exitCode = await runProgram(process.argv.slice(2), processShell());
