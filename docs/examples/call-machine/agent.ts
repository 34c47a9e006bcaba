/** The agent whose job is the machine in `call-machine.ts`. */
import { cli, defineAgent } from 'greenroom';
import { callMachine } from './call-machine.ts';

export default defineAgent({ session: callMachine });

cli.runApp({ agent: import.meta.url, agentName: 'desk' });
