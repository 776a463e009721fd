/** What a sidecar does with one outbound request: chosen by `chooseRoute`, carried out by the data plane. */
import type { HeaderList } from '../../model/request-facts.ts';
import type { Cluster, ForwardAction, Route, WeightedDestination } from './compiled-routes.ts';

/** A request as routes see it. */
export interface RoutedRequest {
  method: string;
  /** `:authority`. */
  host: string;
  /** Normalized, with its query. */
  path: string;
  /** Names lower-case, without Host; x-forwarded-proto is there. */
  headers: HeaderList;
}

export type RouteDecision =
  /** 404 `route_not_found`: the host has routes, and none takes the request. */
  | { kind: 'no-route' }
  /** 502: nobody knows the host, and the policy is REGISTRY_ONLY. */
  | { kind: 'unknown-host'; route: Route }
  /** Nobody knows the host: to the address that the client connected to. */
  | { kind: 'passthrough'; route: Route }
  | { kind: 'direct-response'; route: Route; status: number; body: string }
  | { kind: 'redirect'; route: Route; status: number; location: string }
  | ForwardDecision;

export interface ForwardDecision {
  kind: 'forward';
  route: Route;
  action: ForwardAction;
  destination: WeightedDestination;
  /** null: `destination.cluster` isn't there, and nothing is tried. */
  cluster: Cluster | null;
  /** Nothing but a cluster to send to: default retries, no fault, no CORS, no header or path of its own, one way. */
  plain: boolean;
}
