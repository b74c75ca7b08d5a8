import type { Identity } from '../../client/index.ts';
import type { Home } from '../../demo/index.ts';
import type { Context } from '../context.ts';
import { firstIdentityOf } from './people.ts';

/** The member that --as names, by its governance key, which no rotation changes. Throws `usage`, `key-unknown`. */
export function memberIn(context: Context, home: Home): Identity {
  const name = context.required(context.options.as, "--as NAME, the member's key");
  return firstIdentityOf(home, name, undefined, 'governance');
}
