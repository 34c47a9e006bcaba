/**
 * The address of the server's agent endpoint: `http` becomes `ws`, a path prefix and other query parameters stay.
 * @throws TypeError when `url` is no URL.
 */
export function agentUrl(url: string, workerToken: string | null): URL {
  const address = below(url, 'agent');
  address.protocol = address.protocol.replace('http', 'ws');
  address.searchParams.set('protocol', '1');
  if (workerToken !== null) address.searchParams.set('worker_token', workerToken);
  return address;
}

/**
 * The address of a method of the server's API: `ws` becomes `http`, a path prefix and the query stay.
 * @throws TypeError when `url` is no URL.
 */
export function serviceUrl(url: string, service: string, method: string): URL {
  const address = below(url, `twirp/livekit.${service}/${method}`);
  address.protocol = address.protocol.replace('ws', 'http');
  return address;
}

function below(url: string, path: string): URL {
  const address = new URL(url);
  address.pathname = `${address.pathname.replace(/\/+$/, '')}/${path}`;
  // A WebSocket URL may not have one.
  address.hash = '';
  return address;
}
