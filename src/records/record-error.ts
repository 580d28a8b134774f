import { StateError } from '../ground/state-error.js';

/** One of reroot's own objects, or one that it was given, is not as it must be: only a person can mend it. */
export class RecordError extends StateError {
  override readonly name: string = 'RecordError';
}
