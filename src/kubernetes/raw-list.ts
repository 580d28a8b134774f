import {
  type ConfigurationOptions,
  Observable,
  type ObservableMiddleware,
  ResponseContext,
  type ResponseBody,
} from '@kubernetes/client-node';

/** Objects of one list call as JSON has them. */
export interface RawList {
  options: ConfigurationOptions;
  /** After the call; undefined: nobody has heeded the options (the API server of a test). */
  items(): unknown[] | undefined;
}

/**
 * The library makes an object of every field of every item, which takes longer than all else that is done with a list: 0.4 of
 * 0.55 ms a pod. So it gets the list without its items, and they are read as they came: times are texts in them.
 */
export function rawList(): RawList {
  let items: unknown[] | undefined;
  const take = async (response: ResponseContext): Promise<ResponseContext> => {
    if (response.httpStatusCode !== 200) return response;
    const { items: found, ...list } = JSON.parse(await response.body.text()) as { items?: unknown[] | null };
    items = found ?? [];
    return new ResponseContext(200, response.headers, bodyOf(JSON.stringify({ ...list, items: [] })));
  };
  const middleware: ObservableMiddleware = {
    pre: (request) => new Observable(Promise.resolve(request)),
    post: (response) => new Observable(take(response)),
  };
  return { options: { middleware: [middleware], middlewareMergeStrategy: 'append' }, items: () => items };
}

function bodyOf(text: string): ResponseBody {
  return {
    text: async () => await Promise.resolve(text),
    binary: async () => await Promise.resolve(Buffer.from(text)),
    stream: () => null,
  };
}
