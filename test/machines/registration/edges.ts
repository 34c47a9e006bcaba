import { describe, expect, it } from 'vitest';
import { startRegistration } from './harness.ts';

/** What only a mutant would change; run by `registration.test.ts`. */
export function testEdges(): void {
  describe('a connection that is gone', () => {
    it('is forgotten', () => {
      const registration = startRegistration();
      registration.register('AW_1');
      registration.socket().closes();
      expect(registration.actor.getSnapshot().context).toMatchObject({
        workerId: '',
        serverInfo: null,
      });
    });
  });
}
