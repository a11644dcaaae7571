import type { CallOptions } from "./chat.js";
import type { AclItem, AclPermission, CreateScopeRequest, SecretMetadata, SecretScope } from "./types.js";

/**
 * The value of a secret. Printing it in any way (`console.log`, `JSON.stringify`, a template) shows `[redacted]`; only
 * `expose()` and `exposeBytes()` give it.
 */
export class SecretValue {
  private constructor();
  /** The value as text; fails with kind `Decode` when it is not UTF-8. */
  expose(): string;
  /** A copy of the value's bytes. */
  exposeBytes(): Uint8Array;
  /** `[redacted]` */
  toString(): string;
  /** `[redacted]` */
  toJSON(): string;
}

/** The reference by which a serving endpoint reads a secret itself: `{{secrets/scope/key}}`. */
export function secretReference(scope: string, key: string): string;

/** Secrets of a workspace; made by `client.secrets()`. No error repeats what was put. */
export class Secrets {
  private constructor();
  /** Creates a scope, by its name or by all there is to say of it; fails with kind `ResourceConflict` when the name is taken. */
  createScope(scope: string | CreateScopeRequest, options?: CallOptions): Promise<void>;
  /** Lists the scopes the caller may see. */
  listScopes(options?: CallOptions): Promise<SecretScope[]>;
  /** Deletes a scope with its secrets. */
  deleteScope(scope: string, options?: CallOptions): Promise<void>;
  /** Puts a secret of at most 128 KB, over one of the same name. */
  put(scope: string, key: string, value: string | Uint8Array | ArrayBuffer | SecretValue, options?: CallOptions): Promise<void>;
  /** Reads a secret. The service gives values inside Databricks compute. */
  get(scope: string, key: string, options?: CallOptions): Promise<SecretValue>;
  /** Lists the names of a scope's secrets, never their values. */
  list(scope: string, options?: CallOptions): Promise<SecretMetadata[]>;
  /** Deletes a secret. */
  delete(scope: string, key: string, options?: CallOptions): Promise<void>;
  /** Says what a user, group or service principal may do with a scope, over what was said before. */
  putAcl(scope: string, principal: string, permission: AclPermission, options?: CallOptions): Promise<void>;
  /** Says what somebody may do with a scope. */
  getAcl(scope: string, principal: string, options?: CallOptions): Promise<AclItem>;
  /** Lists who may do what with a scope. */
  listAcls(scope: string, options?: CallOptions): Promise<AclItem[]>;
  /** Takes somebody's permission on a scope away. */
  deleteAcl(scope: string, principal: string, options?: CallOptions): Promise<void>;
}
