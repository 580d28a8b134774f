import { LONGEST_NAME } from '../ground/plain.js';

/**
 * What kinds and names of objects look like. The API server holds every object to it, but not an ownerReference: there it
 * asks for any text (apimachinery pkg/apis/meta/v1/validation/validation.go).
 */

const LONGEST_KIND = 63;
const KIND = /^[A-Za-z][A-Za-z0-9]*$/;
/** A DNS subdomain (RFC 1123). */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Whether there can be an object of this kind and name. */
export function canBeNamed({ kind, name }: { kind: string; name: string }): boolean {
  return kind.length <= LONGEST_KIND && KIND.test(kind) && name.length <= LONGEST_NAME && NAME.test(name);
}
