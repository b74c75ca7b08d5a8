/** Demands the options of a node, then says which process it was before and is now, and with which options and environment. */
import { demandNodeOptions, nodeEnvironment } from '../../src/cli/node-options.ts';

process.env['PIDS'] = `${process.env['PIDS'] ?? ''} ${process.pid}`;
demandNodeOptions();
const pids = process.env['PIDS'].trim().split(' ');
const { execArgv: options, argv, env } = process;
const environment = Object.fromEntries(Object.keys(nodeEnvironment).map((name) => [name, env[name]]));
process.stdout.write(JSON.stringify({ pids, options, environment, rest: argv.slice(2) }));
