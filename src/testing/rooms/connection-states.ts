/** LiveKit's numbers for the state of a connection. */
export const connectionStates = { disconnected: 0, connected: 1, reconnecting: 2 } as const;
