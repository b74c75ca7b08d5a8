import type { CanonicalValue } from '../../../src/ledger/index.ts';
import { keyOf } from './violation.ts';

type Role = 'voter' | 'learner';

interface Change {
  readonly step: string;
  readonly node: string;
}

const waitingMax = 16;

/** What the rules for changes of the configuration mean, said a second time: roles by node key, and changes that wait. */
export class ConfigurationModel {
  #roles: ReadonlyMap<string, Role>;
  readonly #waiting: Change[] = [];
  readonly #removed = new Set<string>();

  constructor(roles: ReadonlyMap<string, Role>) {
    this.#roles = roles;
  }

  /** Takes a change that is asked for. False when it is refused. */
  ask(payload: readonly CanonicalValue[]): boolean {
    const [, step, key, votersMin = 1] = payload;
    const change = { step: String(step), node: keyOf(key as Uint8Array) };
    let roles = this.#roles;
    for (const earlier of this.#waiting) roles = changed(roles, earlier) ?? roles;
    const after = changed(roles, change);
    if (after === undefined || this.#waiting.length === waitingMax) return false;
    const isShrinking = change.step === 'demote' || change.step === 'remove';
    if (isShrinking && voters(after) < (votersMin as number)) return false;
    const leaves = this.#waiting.some(({ step: asked, node }) => asked === 'remove' && node === change.node);
    if (change.step === 'add' && (leaves || this.#removed.has(change.node))) return false;
    this.#waiting.push(change);
    return true;
  }

  /** A block enacts the first change that waits. False when there is none. */
  enact(): boolean {
    const first = this.#waiting.shift();
    const roles = first && changed(this.#roles, first);
    if (first === undefined || roles === undefined) return false;
    if (first.step === 'remove') this.#removed.add(first.node);
    this.#roles = roles;
    return true;
  }

  /** The nodes as `key role`, sorted. */
  nodes(): string {
    return nodesAsText(this.#roles);
  }
}

/** Node keys with their roles, as text: equal for equal configurations. */
export function nodesAsText(roles: ReadonlyMap<string, string>): string {
  return [...roles]
    .map(([node, role]) => `${node} ${role}`)
    .sort()
    .join();
}

function changed(roles: ReadonlyMap<string, Role>, { step, node }: Change): ReadonlyMap<string, Role> | undefined {
  const after = new Map(roles);
  const role = roles.get(node);
  if (step === 'remove') after.delete(node);
  else after.set(node, step === 'promote' ? 'voter' : 'learner');
  const from: Readonly<Record<string, readonly (Role | undefined)[]>> = {
    add: [undefined],
    promote: ['learner'],
    demote: ['voter'],
    remove: ['voter', 'learner'],
  };
  return from[step]?.includes(role) && voters(after) > 0 ? after : undefined;
}

function voters(roles: ReadonlyMap<string, Role>): number {
  return [...roles.values()].filter((role) => role === 'voter').length;
}
