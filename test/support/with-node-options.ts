/** Demands the options of a node, then says which process it was before and is now, and with which options. */
import { demandNodeOptions } from '../../src/cli/node-options.ts';

process.env['PIDS'] = `${process.env['PIDS'] ?? ''} ${process.pid}`;
demandNodeOptions();
const pids = process.env['PIDS'].trim().split(' ');
process.stdout.write(JSON.stringify({ pids, options: process.execArgv, rest: process.argv.slice(2) }));
