// What is made when it is first needed.

/** A function that makes something once, for all who ask; a failure is not kept. */
export function lazily(make) {
  let made;
  return () => {
    if (made === undefined) {
      const making = Promise.resolve().then(make);
      made = making;
      making.catch(() => {
        if (made === making) made = undefined;
      });
    }
    return made;
  };
}

/** The entry `lakewire/data`: the app's own, or loaded when it is needed. */
export const dataEntry = async (fields) => fields.data ?? import("lakewire/data");
/** The entry `lakewire/mlflow`, in the same way. */
export const mlflowEntry = async (fields) => fields.mlflow ?? import("lakewire/mlflow");

/** The named fields that are given. */
export const picked = (fields, names) => Object.fromEntries(names.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]));
