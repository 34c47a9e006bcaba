/**
 * The address of the server's agent endpoint: `http` becomes `ws`, a path prefix and other query parameters stay.
 * @throws TypeError when `url` is no URL.
 */
export function agentUrl(url: string, workerToken: string | null): URL {
  const address = new URL(url);
  address.protocol = address.protocol.replace('http', 'ws');
  address.pathname = `${address.pathname.replace(/\/+$/, '')}/agent`;
  address.searchParams.set('protocol', '1');
  if (workerToken !== null) address.searchParams.set('worker_token', workerToken);
  // A WebSocket URL may not have one.
  address.hash = '';
  return address;
}
