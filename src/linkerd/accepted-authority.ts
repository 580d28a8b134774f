import type { Problem } from '../pki/problem.js';
import type { Certificate } from '../pki/certificate.js';
import type { Linkerd } from './detect.js';

/** What only some versions ask of a root and an issuer (docs/development/linkerd.md, "What differs by version"). */
export function versionProblems(
  { rules, namespace, trustDomain, version }: Pick<Linkerd, 'rules' | 'namespace' | 'trustDomain' | 'version'>,
  root: Certificate,
  issuer?: Certificate,
): Problem[] {
  const name = `identity.${namespace}.${trustDomain}`;
  const problems: Problem[] = [];
  if (rules.issuerNameChecked && issuer && !hasName(issuer, name)) {
    problems.push({
      reason: 'IssuerName',
      severity: 'error',
      message: `Linkerd ${version} takes only an issuer that is valid for the name ${name}`,
      hint: 'issue it with that DNS name',
    });
  }
  if (!rules.rsaRoots && root.key.type === 'rsa') {
    problems.push({
      reason: 'RootAlgorithm',
      severity: 'error',
      message: `Linkerd ${version} takes no RSA root (Linkerd does from 2.12.0 on)`,
      hint: 'make an ECDSA P-256 root',
    });
  }
  return problems;
}

function hasName({ dnsNames, commonName }: Certificate, name: string): boolean {
  return dnsNames.includes(name) || commonName === name;
}
