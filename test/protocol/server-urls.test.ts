import { describe, expect, it } from 'vitest';
import { agentUrl, serviceUrl } from '../../src/protocol/server-urls.ts';

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

describe('serviceUrl', () => {
  it.each([
    ['ws://host:7880', 'http://host:7880/twirp/livekit.RoomService/DeleteRoom'],
    ['wss://host/', 'https://host/twirp/livekit.RoomService/DeleteRoom'],
    ['https://ws.host', 'https://ws.host/twirp/livekit.RoomService/DeleteRoom'],
    ['wss://host/ws/', 'https://host/ws/twirp/livekit.RoomService/DeleteRoom'],
    ['wss://host?tenant=a#top', 'https://host/twirp/livekit.RoomService/DeleteRoom?tenant=a'],
  ])('turns %s into %s', (url, expected) => {
    expect(serviceUrl(url, 'RoomService', 'DeleteRoom').href).toBe(expected);
  });
});
