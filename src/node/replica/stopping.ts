import { AssentError } from '../../base/index.ts';

/** What those hear who ask a node that ends. */
export function stoppingError(): AssentError {
  return new AssentError('shutting-down', 'The node is stopping.');
}
