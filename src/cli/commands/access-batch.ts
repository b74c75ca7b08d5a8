import { AssentError, fromHex, present, toHex } from '../../base/index.ts';
import { type BatchedAccess, type Identity, sealAccesses, signAccessRequest } from '../../client/index.ts';
import { decodeAccessRequest, type Role } from '../../contracts/index.ts';
import { decodeDid, encodeDid, verifySignature } from '../../crypto/index.ts';
import type { Home } from '../../demo/index.ts';
import type { Context } from '../context.ts';
import { claimOf } from '../keys/claims.ts';
import { didOf, gatewayOf, identityOfKey } from '../keys/people.ts';
import { atLine, type BatchLine, type NamedLine, readBatch } from '../ledger/batch-file.ts';
import { commitTo, eventIdOf } from '../ledger/commit.ts';
import { factClaims, noClaims } from '../ledger/gateway-claims.ts';
import { committedReport, receiptOrThrow, signAs } from '../ledger/submit.ts';
import { paintDecision } from '../output/style.ts';
import { table } from '../output/table.ts';
import type { Report } from '../session.ts';

const validityMs = 5 * 60_000;

interface BatchOutput {
  readonly recorded: number;
  readonly duplicates: number;
  readonly refused: number;
  readonly outcomes: readonly string[];
  readonly entries: readonly number[];
}

/** Records all accesses of a file under one signature of the gateway. */
export async function recordBatch(context: Context, file: string, domain: string): Promise<Report> {
  const lines = readBatch(file);
  const home = await context.home('write');
  const gateway = await gatewayOf(home, context.options.as, domain);
  const makers = new Makers(context, home, domain);
  const accesses: BatchedAccess[] = [];
  for (const line of lines) accesses.push(await makers.accessOf(file, line));
  const keys = await currentKeys(context, accesses);
  const sealed = seal(file, lines, () =>
    sealAccesses({
      ledgerId: home.ledgerId,
      gateway,
      accesses,
      verify: (agent, message, signature) => verifySignature(keys.get(toHex(agent)) ?? agent, message, signature),
    }),
  );
  const validUntil = Math.min(sealed.validUntil, context.nowMs + validityMs);
  const signed = signAs(home, gateway, 'access.recordBatch', sealed.payload, validUntil);
  const receipt = receiptOrThrow(await home.ledger.submit(signed, { wait: 'committed' }));
  const { recorded, duplicates, refused, outcomes, entries } = receipt.result.output as unknown as BatchOutput;
  const results = lines.map(({ number }, place) => {
    const { request, requestSignature } = present(accesses[place], 'an access a line');
    const entry = present(entries[place], 'an entry an access');
    const outcome = present(outcomes[place], 'an outcome an access');
    return {
      line: number,
      eventId: eventOf(request),
      outcome,
      ...(entry >= 0 && { entry }),
      request,
      requestSignature,
    };
  });
  const { style } = context;
  const rows = results.map(({ line, outcome, entry }) => [`${line}`, paintDecision(style, outcome), `${entry ?? ''}`]);
  const text = `${recorded} recorded, ${duplicates} known from before, ${refused} refused.`;
  const report = committedReport(style, receipt, text, { outcomes: results });
  return {
    ...report,
    text: `${table(style, ['line', 'outcome', 'entry'], rows)}\n${report.text}`,
    exitCode: refused > 0 ? 1 : 0,
  };
}

/** Makes the access of a line, looking up each agent once. */
class Makers {
  readonly #context: Context;
  readonly #home: Home;
  readonly #domain: string;
  readonly #agents = new Map<string, Promise<Identity>>();
  readonly #claims = new Map<string, ReturnType<typeof claimOf>>();

  constructor(context: Context, home: Home, domain: string) {
    this.#context = context;
    this.#home = home;
    this.#domain = domain;
  }

  async accessOf(file: string, line: BatchLine): Promise<BatchedAccess> {
    if ('signed' in line) return line.signed;
    try {
      return await this.#sign(line.named);
    } catch (thrown) {
      throw atLine(file, line.number, thrown);
    }
  }

  async #sign(line: NamedLine): Promise<BatchedAccess> {
    const [home, domain] = [this.#home, this.#domain];
    const { purpose, action, facts } = line;
    const agent = await remembered(this.#agents, line.agent, () => identityOfKey(home, line.agent, undefined));
    const claim = await remembered(this.#claims, JSON.stringify([agent.did, line.role, line.organisation]), () =>
      claimOf(this.#context.client(), agent.did, line),
    );
    const subject = didOf(home, line.subject, domain);
    const eventId = eventIdOf(home, line.eventId);
    const request = signAccessRequest(home.ledgerId, agent, {
      eventId,
      role: claim.role as Role,
      organisation: claim.organisation,
      subject,
      domain,
      resource: commitTo(home, 'access-resource', eventId, line.resource),
      purpose,
      action,
      validUntil: this.#context.nowMs + validityMs,
    });
    const asked = { agent: agent.did, subject, domain, role: claim.role, purpose, action };
    const { results, inEmergencyCategory } =
      facts === undefined ? noClaims : await factClaims(this.#context, home, facts, asked);
    return { ...request, results, inEmergencyCategory: inEmergencyCategory || line.inEmergencyCategory === true };
  }
}

function remembered<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const made = make();
  known.set(key, made);
  return made;
}

/** The keys that agents sign with now, by the hexadecimal form of their DID. */
async function currentKeys(
  context: Context,
  accesses: readonly BatchedAccess[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const agents = new Set(accesses.flatMap(({ request }) => agentOf(request) ?? []));
  const keys = new Map<string, Uint8Array>();
  for (const did of agents) {
    const { key } = await context.client().identity(did);
    keys.set(toHex(present(decodeDid(did), 'a DID')), present(decodeDid(key), 'the API tells keys as DIDs'));
  }
  return keys;
}

function agentOf(request: string): string | undefined {
  const bytes = fromHex(request);
  const asked = bytes && decodeAccessRequest(bytes);
  return asked && encodeDid(asked.agent);
}

function eventOf(request: string): string {
  const asked = decodeAccessRequest(present(fromHex(request), 'it was sealed'));
  return toHex(present(asked, 'it was sealed').eventId);
}

/** Says the line where sealing says the access. */
function seal<T>(file: string, lines: readonly BatchLine[], make: () => T): T {
  try {
    return make();
  } catch (thrown) {
    const place = thrown instanceof AssentError ? thrown.data['place'] : undefined;
    const line = typeof place === 'number' ? lines[place] : undefined;
    throw line === undefined ? thrown : atLine(file, line.number, thrown);
  }
}
