import type { Area } from './row.js';
import { access } from './rows/access.js';
import { admission } from './rows/admission.js';
import { answers } from './rows/answers.js';
import { members } from './rows/members.js';
import { operators } from './rows/operators.js';
import { pki } from './rows/pki.js';
import { temporal } from './rows/temporal.js';
import { writers } from './rows/writers.js';

/** In the order of docs/compatibility.md, "Clusters as people have them". */
export const AREAS: readonly Area[] = [
  { title: 'Operators and what they own', rows: operators },
  { title: 'Policies, quotas and webhooks', rows: admission },
  { title: 'Certificates as companies have them', rows: pki },
  { title: 'The way to the cluster', rows: access },
  { title: 'Temporal, and the clock', rows: temporal },
  { title: 'Others who write the same keys', rows: writers },
  { title: 'What is in the mesh beside pods', rows: members },
  { title: 'What a person sees', rows: answers },
];

/** All of them, with the heading that each stands under. */
export const ROWS = AREAS.flatMap(({ title, rows }) => rows.map((row) => ({ title, ...row })));
