import forge from 'node-forge';

/** Parts of certificates that Linkerd's do not have. */

export type Asn1 = forge.asn1.Asn1;
const { asn1 } = forge;
const { UNIVERSAL, CONTEXT_SPECIFIC } = asn1.Class;

export function sequence(...items: Asn1[]): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.SEQUENCE, true, items);
}

export function primitive(type: forge.asn1.Type, value: string): Asn1 {
  return asn1.create(UNIVERSAL, type, false, value);
}

export function context(tag: number, value: Asn1[] | string): Asn1 {
  return asn1.create(CONTEXT_SPECIFIC, tag, Array.isArray(value), value);
}

export function oid(id: string): Asn1 {
  return primitive(asn1.Type.OID, asn1.oidToDer(id).getBytes());
}

/** @param value its node, or its bytes as they are */
export function extension(id: string, critical: boolean, value: Asn1 | string): Asn1 {
  const bytes = typeof value === 'string' ? value : asn1.toDer(value).getBytes();
  const flag = critical ? [primitive(asn1.Type.BOOLEAN, '\xff')] : [];
  return sequence(oid(id), ...flag, primitive(asn1.Type.OCTETSTRING, bytes));
}

/** Extended key usage. */
export function purposes(...ids: string[]): Asn1 {
  return extension('2.5.29.37', false, sequence(...ids.map(oid)));
}

/** Name constraints of DNS names. */
export function nameConstraints({
  permitted = [],
  excluded = [],
}: {
  permitted?: string[];
  excluded?: string[];
}): Asn1 {
  const trees = (names: string[]) => names.map((name) => sequence(context(2, name)));
  const lists = [
    ...(permitted.length > 0 ? [context(0, trees(permitted))] : []),
    ...(excluded.length > 0 ? [context(1, trees(excluded))] : []),
  ];
  return extension('2.5.29.30', true, sequence(...lists));
}
