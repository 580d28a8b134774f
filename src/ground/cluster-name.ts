/** What a cluster is called where nobody has given it a name: with one cluster nobody has to. */
export const DEFAULT_CLUSTER = 'default';

/**
 * Names of clusters: words of what can be seen, with single blanks between them. They are part of a task queue's name and
 * of a workflow id, so that two names that look the same have to be the same.
 */
export const CLUSTER_NAME = /^[^\p{C}\p{Z}]+( [^\p{C}\p{Z}]+)*$/u;
export const LONGEST_CLUSTER_NAME = 100;
/** What a name that is refused is not. */
export const WHAT_A_CLUSTER_NAME_IS =
  'a name of words with single blanks between them, without control or other unseen characters';
