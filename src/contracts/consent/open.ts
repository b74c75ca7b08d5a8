import { present, toHex } from '../../base/index.ts';
import { noTexts, type OpenConsent, type OpenProvision } from '../../decision/index.ts';
import { keyText } from '../decision/question.ts';
import type { NestedProvision, Provision } from './provision.ts';
import type { Consent } from './state.ts';

/** A consent's provisions: the root, and those inside it. */
export interface ProvisionTree {
  readonly provision: Provision;
  readonly nested: readonly NestedProvision[];
}

const known = new WeakMap<Consent, OpenConsent>();

/** The consent as the decision takes it: actors by their key, or by name. */
export function openConsentOf(consent: Consent): OpenConsent {
  const before = known.get(consent);
  if (before !== undefined) return before;
  const open = { subject: toHex(consent.subject), provision: openTree(consent) };
  known.set(consent, open);
  return open;
}

type Grown = OpenProvision & { readonly provisions: Grown[] };

function openTree({ provision, nested }: ProvisionTree): OpenProvision {
  const all: Grown[] = [openProvision(provision)];
  for (const { parent, ...inner } of nested) {
    const grown = openProvision(inner);
    present(all[parent], 'a rule checked that a provision stands before those inside it').provisions.push(grown);
    all.push(grown);
  }
  return present(all[0], 'the root');
}

/** Each clause in its place, so that all have one shape. */
function openProvision({ type, period, actors, purposes, actions, sealed, categories }: Provision): Grown {
  return {
    type,
    period,
    actors: actors?.map((actor) => (typeof actor === 'string' ? actor : keyText(actor))),
    purposes,
    actions,
    isSealed: sealed !== undefined,
    categories,
    texts: noTexts(),
    provisions: [],
  };
}

/** Whether each provision stands in one that comes before it. */
export function isTree({ nested }: Pick<ProvisionTree, 'nested'>): boolean {
  return nested.every(({ parent }, place) => parent <= place);
}

/** How deep the innermost provision stands; 1 for a root alone. */
export function depthOf({ nested }: Pick<ProvisionTree, 'nested'>): number {
  const depths = [1];
  for (const { parent } of nested) depths.push((depths[parent] ?? 0) + 1);
  return Math.max(...depths);
}

/** The root and all inside it. */
export function provisionsOf({ provision, nested }: ProvisionTree): readonly Provision[] {
  return [provision, ...nested];
}
