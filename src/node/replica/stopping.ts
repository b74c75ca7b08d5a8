import { AssentError } from '../../base/index.ts';

/** What those hear who ask a node that ends. */
export function stoppingError(): AssentError {
  return new AssentError('shutting-down', 'The node is stopping.');
}

/** What those hear who ask a node that puts its disk in order. */
export function mendingError(): AssentError {
  return new AssentError('node-behind', 'This node found damage on its disk, and asks others for what it lacks.');
}

/** Damage of a value of the state, which others have, too: its key. */
export function damagedKey(fault: unknown): string | undefined {
  const key = fault instanceof AssentError && fault.code === 'storage-damaged' ? fault.data['key'] : undefined;
  return typeof key === 'string' ? key : undefined;
}
