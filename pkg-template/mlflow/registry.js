// Registered models, their versions and aliases, and logged models.

import { AT, CATALOG, DELETE, NEVER, PATCH, POST, ROOT, SAFE, known, named, paged, pairs, tagsOf } from "./base.js";
import { path } from "../data/base.js";

export const withRegistry = (Base) =>
  class extends Base {
    /** Whether the server was found to have no Unity Catalog. */
    #noCatalog = false;

    /** A call on a model of this name: to Unity Catalog when the name has three parts and the host has one. */
    async #model(name, call) {
      if (named(name, "model's name").split(".").length === 3 && !this.#noCatalog) {
        try {
          return await call(CATALOG);
        } catch (error) {
          // a page: no such route
          if (error.status !== 404 || error.errorCode !== undefined) throw error;
          this.#noCatalog = true;
        }
      }
      return call(ROOT);
    }

    #send(name, operation, body, options, repeat = NEVER, method = POST) {
      return this.#model(name, (root) => this[AT].send(`${root}${operation}`, { name, ...body }, options, repeat, method));
    }

    #get(name, operation, query, options) {
      return this.#model(name, (root) => this[AT].get(`${root}${operation}`, { name, ...query }, options));
    }

    #search(operation, key, options) {
      const [scope, { filter, orderBy: order_by, maxResults: max_results, unityCatalog }] = known(options, ["filter", "orderBy", "maxResults", "unityCatalog"]);
      const order = (order_by ?? []).reduce((to, item) => `${to}${to === "" ? "?" : "&"}order_by=${encodeURIComponent(item)}`, "");
      const to = `${unityCatalog ? CATALOG : ROOT}${operation}`;
      return paged(async (page_token) => {
        const query = Object.entries({ filter, max_results, page_token }).filter(([, value]) => value !== undefined);
        const rest = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
        return this[AT].get(`${to}${order}${rest && `${order === "" ? "?" : "&"}${rest}`}`, {}, scope);
      }, key);
    }

    /** Creates a registered model. */
    async createRegisteredModel(name, options) {
      const [scope, { description, tags }] = known(options, ["description", "tags"]);
      return (await this.#send(name, "registered-models/create", { description, tags: tagsOf(tags) }, scope)).registered_model;
    }

    /** Describes a registered model. */
    async getRegisteredModel(name, options) {
      return (await this.#get(name, "registered-models/get", {}, options)).registered_model;
    }

    /** Gives a registered model another name. */
    async renameRegisteredModel(name, new_name, options) {
      return (await this.#send(name, "registered-models/rename", { new_name }, options)).registered_model;
    }

    /** Says what a registered model is about. */
    async updateRegisteredModel(name, description, options) {
      return (await this.#send(name, "registered-models/update", { description }, options, SAFE, PATCH)).registered_model;
    }

    /** Deletes a registered model with all its versions. */
    async deleteRegisteredModel(name, options) {
      await this.#send(name, "registered-models/delete", {}, options, NEVER, DELETE);
    }

    /** Lists registered models. */
    searchRegisteredModels(options) {
      return this.#search("registered-models/search", "registered_models", options);
    }

    /** Names a version of a registered model. */
    async setRegisteredModelAlias(name, alias, version, options) {
      await this.#send(name, "registered-models/alias", { alias, version: `${version}` }, options, SAFE);
    }

    /** Takes a name of a version away. */
    async deleteRegisteredModelAlias(name, alias, options) {
      await this.#send(name, "registered-models/alias", { alias }, options, NEVER, DELETE);
    }

    /** The version that an alias stands for. */
    async getModelVersionByAlias(name, alias, options) {
      return (await this.#get(name, "registered-models/alias", { alias }, options)).model_version;
    }

    /** Makes a version of a registered model. */
    async createModelVersion(name, source, options) {
      const [scope, { runId: run_id, modelId: model_id, description, tags }] = known(options, ["runId", "modelId", "description", "tags"]);
      const body = { source: named(source, "version's source"), run_id, model_id, description, tags: tagsOf(tags) };
      return (await this.#send(name, "model-versions/create", body, scope)).model_version;
    }

    /** Describes a version of a registered model. */
    async getModelVersion(name, version, options) {
      return (await this.#get(name, "model-versions/get", { version }, options)).model_version;
    }

    /** Where the files of a version lie. */
    async getModelVersionDownloadUri(name, version, options) {
      return (await this.#get(name, "model-versions/get-download-uri", { version }, options)).artifact_uri;
    }

    /** Lists versions of registered models. */
    searchModelVersions(options) {
      return this.#search("model-versions/search", "model_versions", options);
    }

    /** Creates a logged model. */
    async createLoggedModel(experiment_id, options) {
      const [scope, { name, modelType: model_type, sourceRunId: source_run_id, params, tags }] = known(options, ["name", "modelType", "sourceRunId", "params", "tags"]);
      const body = { experiment_id: named(experiment_id, "experiment's id"), name, model_type, source_run_id, params: params && pairs(params, "parameters"), tags: tagsOf(tags) };
      return (await this[AT].send(`${ROOT}logged-models`, body, scope)).model;
    }

    /** Says whether a logged model's files are there. */
    async finalizeLoggedModel(model_id, status, options) {
      const to = path`/api/2.0/mlflow/logged-models/${{ "logged model": model_id }}`;
      return (await this[AT].send(to, { model_id, status }, options, SAFE, PATCH)).model;
    }

    /** Describes a logged model. */
    async getLoggedModel(model_id, options) {
      return (await this[AT].get(path`/api/2.0/mlflow/logged-models/${{ "logged model": model_id }}`, {}, options)).model;
    }

    /** Lists logged models of experiments. */
    searchLoggedModels(experiment_ids, options) {
      const [scope, { filter, orderBy: order_by, maxResults: max_results }] = known(options, ["filter", "orderBy", "maxResults"]);
      return paged((page_token) => this[AT].send(`${ROOT}logged-models/search`, { experiment_ids, filter, order_by, max_results, page_token }, scope, SAFE), "models");
    }
  };
