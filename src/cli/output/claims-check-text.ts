import type { ClaimsCheck } from '../../client/index.ts';
import type { Style } from './style.ts';
import { shortHash } from './words.ts';

/** What became of a gateway's word, a line for each consent, and one for a false word of an emergency. */
export function claimsCheckLines(style: Style, check: ClaimsCheck): string[] {
  const { confirmed, contradicted, unopened, isOutsideGlass } = check;
  return [
    ...confirmed.map(
      (consent) => `  consent ${shortHash(consent)}: opened, and the gateway's word is ${style.good('right')}`,
    ),
    ...contradicted.map(
      ({ consent, said, found }) =>
        `  consent ${shortHash(consent)}: the gateway said ${said.join(' or ')}, its clauses say ${style.bad(found.join(' or '))}`,
    ),
    ...unopened.map((consent) => `  consent ${shortHash(consent)}: cannot be opened here`),
    ...(isOutsideGlass
      ? [`  the gateway said that the glass was broken for such a record: ${style.bad('it was not')}`]
      : []),
  ];
}
