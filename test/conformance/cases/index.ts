/** All cases, in the order of their numbers. */
import type { ConformanceCase } from '../case.ts';
import { connectionCases } from './connection.ts';
import { dispatchCases } from './dispatches.ts';
import { frameCases } from './frames.ts';
import { jobTypeCases } from './job-types.ts';
import { lossCases } from './losses.ts';
import { offerCases } from './offers.ts';
import { roomApiCases } from './room-api.ts';
import { roomLifetimeCases } from './room-lifetimes.ts';
import { selectionCases } from './selection.ts';
import { terminationCases } from './terminations.ts';

const protocolCases: readonly ConformanceCase[] = [
  ...connectionCases,
  ...frameCases,
  ...selectionCases,
  ...offerCases,
  ...dispatchCases,
  ...jobTypeCases,
  ...terminationCases,
  ...roomLifetimeCases,
  ...lossCases,
].toSorted((one, other) => Number(one.id.slice(1)) - Number(other.id.slice(1)));

/** C1 to C102, and A1 to A6, which are about the API as it is on the wire. */
export const conformanceCases: readonly ConformanceCase[] = [...protocolCases, ...roomApiCases];
