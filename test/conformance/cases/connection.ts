/** C1 to C16: who may connect, and the handshake. */
import { type JobType, WorkerPing, WorkerStatus } from '@livekit/protocol';
import { AccessToken } from 'livekit-server-sdk';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { signToken } from '../../../src/testing/dispatch-server/tokens.ts';
import type { ConformanceCase } from '../case.ts';
import { agentToken, upgrade, type UpgradeRequest } from '../raw-worker.ts';
import type { Scene } from '../scene.ts';
import type { Stage } from '../stage.ts';
import { within } from '../../support/work-per-core.ts';

/** What an upgrade came to: 101, or the refusal. */
async function attempt(stage: Stage, request: UpgradeRequest) {
  const answer = await upgrade(stage, request);
  if (!(answer instanceof WebSocket)) return answer;
  answer.terminate();
  return { status: 101, body: '' };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A token with times of its own, counted from now in seconds. */
function timedToken({ keys }: Stage, times: { exp?: number; nbf?: number }, key = 0) {
  const [apiKey, secret] = keys[key]!;
  const now = Math.floor(Date.now() / 1000);
  const absolute = Object.fromEntries(
    Object.entries(times).map(([name, seconds]) => [name, now + seconds]),
  );
  return signToken({ iss: apiKey, video: { agent: true }, ...absolute }, secret);
}

async function agentlessToken({ keys }: Stage) {
  const token = new AccessToken(...keys[0]!, { ttl: 600 });
  token.addGrant({ roomCreate: true });
  return token.toJwt();
}

/** Connects, sends something, and waits for the cut. */
async function isCut(
  scene: Scene,
  send: (worker: Awaited<ReturnType<Scene['connect']>>) => void,
  withinMs = 2_000,
) {
  const worker = await scene.connect();
  send(worker);
  return (await scene.stage.until('The cut', worker.closed, withinMs)).code;
}

const beforeRegister: Record<string, Parameters<typeof isCut>[1]> = {
  availability: (worker) => worker.respond({ id: 'AJ_1' }, 'accept'),
  updateWorker: (worker) => worker.update({ status: WorkerStatus.WS_AVAILABLE }),
  updateJob: (worker) => worker.updateJob('AJ_1', 2),
  simulateJob: (worker) => worker.sendJson({ simulateJob: { room: { name: 'room' } } }),
  migrateJob: (worker) => worker.migrate(['AJ_1']),
};

export const connectionCases: ConformanceCase[] = [
  {
    id: 'C1',
    title: 'a token with the agent grant in the header opens /agent',
    run: async ({ stage }) => {
      const token = await agentToken(stage.keys[0]!);
      expect((await attempt(stage, bearer(token))).status).toBe(101);
    },
  },
  {
    id: 'C2',
    title: 'the same token in the query does, too',
    run: async ({ stage }) => {
      const query = `access_token=${await agentToken(stage.keys[0]!)}`;
      expect((await attempt(stage, { query })).status).toBe(101);
    },
  },
  {
    id: 'C3',
    title: 'without a token, or without the grant: 401',
    run: async ({ stage }) => {
      const refusal = { status: 401, body: 'no permissions to access the room' };
      expect(await attempt(stage, {})).toEqual(refusal);
      expect(await attempt(stage, bearer(await agentlessToken(stage)))).toEqual(refusal);
    },
  },
  {
    id: 'C4',
    title: 'an unknown key, a wrong secret, a token of the past or of the future: 401',
    run: async ({ stage }) => {
      const [[apiKey]] = stage.keys as [[string, string]];
      const video = { agent: true };
      const refused = [
        signToken({ iss: 'nobody', video }, 'secret'),
        signToken({ iss: apiKey, video }, 'a-wrong-secret-of-32-characters-'),
        timedToken(stage, { exp: -3600 }),
        timedToken(stage, { nbf: 90 }),
      ];
      const answers = await Promise.all(refused.map((token) => attempt(stage, bearer(token))));
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
      expect(answers[0]?.body).toBe('invalid API key: nobody');
      expect(await attempt(stage, { authorization: 'Basic abc' })).toEqual({
        status: 401,
        body: 'invalid authorization header. Must start with Bearer ',
      });
      expect(await attempt(stage, bearer('abc'))).toEqual({
        status: 401,
        body: 'invalid authorization token',
      });
    },
  },
  {
    id: 'C5',
    title: 'half a minute past the end or before the start, or no end at all: taken',
    run: async ({ stage }) => {
      const taken = [{ exp: -30 }, { nbf: 30 }, {}].map((times) => timedToken(stage, times));
      for (const token of taken) expect((await attempt(stage, bearer(token))).status).toBe(101);
    },
  },
  {
    id: 'C6',
    title: 'a plain request to /agent: 404 without a body; with a bad token 401',
    run: async ({ stage }) => {
      const url = `${stage.url.replace('ws', 'http')}/agent`;
      const good = { authorization: `Bearer ${await agentToken(stage.keys[0]!)}` };
      for (const init of [{}, { headers: good }, { method: 'POST', headers: good }]) {
        const response = await fetch(url, init);
        expect({ status: response.status, body: await response.text() }).toEqual({
          status: 404,
          body: '',
        });
      }
      const bad = await fetch(url, { headers: { authorization: 'Bearer abc' } });
      expect(bad.status).toBe(401);
    },
  },
  {
    id: 'C7',
    title: 'other paths: 404; two slashes are one',
    run: async ({ stage }) => {
      const token = bearer(await agentToken(stage.keys[0]!));
      const statuses = [];
      for (const path of ['/agent/', '/x/agent', '//agent'])
        statuses.push((await attempt(stage, { ...token, path })).status);
      expect(statuses).toEqual([404, 404, 101]);
    },
  },
  {
    id: 'C8',
    title: 'the version of the protocol may be anything',
    run: async ({ stage }) => {
      const token = bearer(await agentToken(stage.keys[0]!));
      for (const query of ['', 'protocol=99', 'protocol=abc'])
        expect((await attempt(stage, { ...token, query })).status).toBe(101);
    },
  },
  {
    id: 'C9',
    title: 'who does not register within 10 s is cut off, pings or not',
    run: async (scene) => {
      const { stage } = scene;
      const start = stage.now();
      const [silent, pinging] = [await scene.connect(), await scene.connect()];
      await stage.elapse(2_000);
      await pinging.barrier();
      for (const worker of [silent, pinging]) {
        const { code, at } = await stage.until('The cut', worker.closed, 12_000);
        expect(code).toBe(1006);
        expect(at - start).toBeGreaterThan(9_500);
        expect(at - start).toBeLessThan(within(11_500));
      }
    },
  },
  {
    id: 'C10',
    title: 'before it has registered a worker may only ping',
    run: async (scene) => {
      const codes = Object.values(beforeRegister).map((send) => isCut(scene, send));
      expect(await Promise.all(codes)).toEqual([1006, 1006, 1006, 1006, 1006]);
    },
  },
  {
    id: 'C11',
    title: 'Register is answered with an id and what the server is',
    run: async (scene) => {
      const worker = await scene.connect();
      worker.sendRegister();
      const { workerId, serverInfo } = await worker.next('register');
      expect(workerId).toMatch(/^AW_[2-9A-Za-z]{12}$/);
      expect(serverInfo).toMatchObject({ agentProtocol: 1, edition: 0, version: '1.13.5' });
    },
  },
  {
    id: 'C12',
    title: 'a second Register ends the connection',
    run: async (scene) => {
      const worker = await scene.worker();
      worker.sendRegister();
      expect((await scene.stage.until('The cut', worker.closed, 2_000)).code).toBe(1006);
    },
  },
  {
    id: 'C13',
    title: 'so does an unknown job type',
    run: async (scene) => {
      expect(await isCut(scene, (worker) => worker.sendRegister({ type: 7 as JobType }))).toBe(
        1006,
      );
    },
  },
  {
    id: 'C14',
    title: 'deployments: which are refused and which are not',
    run: async (scene) => {
      const refused = ['a_b', 'a b', 'a\tb', 'a'.repeat(65)].map((deployment) =>
        isCut(scene, (worker) => worker.sendRegister({ deployment })),
      );
      expect(await Promise.all(refused)).toEqual([1006, 1006, 1006, 1006]);
      for (const deployment of ['a'.repeat(64), 'prod-1', 'v1.2', 'ü']) {
        const worker = await scene.worker({ deployment });
        expect(worker.all('register')).toHaveLength(1);
      }
    },
  },
  {
    id: 'C15',
    title: 'agent names may be anything',
    isAlone: true,
    run: async (scene) => {
      for (const agentName of [null, 'a'.repeat(5_000), 'žluť 火', 'a_b']) {
        const worker = await scene.worker({ agentName });
        expect(worker.all('register')).toHaveLength(1);
      }
    },
  },
  {
    id: 'C16',
    title: 'a ping is answered with its own time and that of the server',
    run: async (scene) => {
      const worker = await scene.worker();
      worker.send({ case: 'ping', value: new WorkerPing({ timestamp: 5n }) });
      const pong = await worker.next('pong', { matches: (one) => one.lastTimestamp === 5n });
      expect(Math.abs(Number(pong.timestamp) - Date.now())).toBeLessThan(60_000);
    },
  },
];
