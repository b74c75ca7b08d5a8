import { AssentError } from '../base/index.ts';

/**
 * Until the API authenticates its callers only programs on this machine may reach it. Throws `address-refused` for
 * anything but a literal loopback address: a name could resolve to another one tomorrow.
 */
export function checkLoopback(host: string): void {
  if (isLoopback(host)) return;
  throw new AssentError(
    'address-refused',
    `The API may not bind ${host}: until it authenticates its callers it binds loopback only.`,
  );
}

/**
 * Whether a request's Host header names this machine. A browser here can be led to the API by a foreign name that
 * resolves to loopback (DNS rebinding), but it then sends that name.
 */
export function isAddressedHere(hostHeader: string | undefined): boolean {
  const host = (hostHeader ?? '').replace(/:\d{1,5}$/, '').replace(/^\[(.*)\]$/, '$1');
  return host === 'localhost' || isLoopback(host);
}

function isLoopback(host: string): boolean {
  return host === '::1' || /^127(?:\.(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3}$/.test(host);
}
