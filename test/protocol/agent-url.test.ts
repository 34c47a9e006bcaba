import { describe, expect, it } from 'vitest';
import { agentUrl } from '../../src/protocol/agent-url.ts';

describe('agentUrl', () => {
  it.each([
    ['ws://host', 'ws://host/agent?protocol=1'],
    ['wss://host/', 'wss://host/agent?protocol=1'],
    ['http://host:7880', 'ws://host:7880/agent?protocol=1'],
    ['https://host', 'wss://host/agent?protocol=1'],
    ['https://host/http/prefix', 'wss://host/http/prefix/agent?protocol=1'],
    ['wss://host/prefix//', 'wss://host/prefix/agent?protocol=1'],
    ['wss://host?tenant=a', 'wss://host/agent?tenant=a&protocol=1'],
    ['wss://host/?protocol=9', 'wss://host/agent?protocol=1'],
    ['wss://host/#top', 'wss://host/agent?protocol=1'],
    ['ws://[::1]:7880', 'ws://[::1]:7880/agent?protocol=1'],
  ])('turns %s into %s', (url, expected) => {
    expect(agentUrl(url, null).href).toBe(expected);
  });

  it('adds the worker token, escaped', () => {
    expect(agentUrl('wss://host', 'a&b=c').href).toBe(
      'wss://host/agent?protocol=1&worker_token=a%26b%3Dc',
    );
  });

  it('refuses what is no URL', () => {
    expect(() => agentUrl('host', null)).toThrow(TypeError);
  });
});
