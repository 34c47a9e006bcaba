/** What `docs/how-to/embed-a-machine.md` shows runs. With a real worker it runs in `test/e2e/embedding.test.ts`. */
import { expect, it } from 'vitest';
import { rehearse } from '../../docs/examples/embedding/rehearsal.ts';

it('the rehearsal of the service: a call, a drain during it, and a second opening', async () => {
  expect(await rehearse()).toEqual([
    'service {"open":"serving"}, worker {"running":{"available":"announced"}}',
    'service {"open":"shutting"}, worker "draining"',
    'service "shut", worker undefined, drained',
    'service {"open":"serving"}, worker {"running":{"available":"announced"}}, drained',
  ]);
});
