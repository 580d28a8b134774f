import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generatedPages } from './pages.js';

/** `npm run docs`: writes the pages that are made from the program into the checkout that it is started in. */
for (const [file, text] of Object.entries(generatedPages(process.cwd()))) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
