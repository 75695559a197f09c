import type { DescService } from "@bufbuild/protobuf";
import {
  type ConnectRouter,
  createServiceImplSpec,
  type ServiceImpl,
  type ServiceImplSpec,
} from "@connectrpc/connect";

/** A service of the contract with the handlers that implement it. */
export interface BoundService {
  readonly service: DescService;
  /** The handlers, for the gRPC side of a server. */
  readonly spec: ServiceImplSpec;
  /** Adds the handlers to the router of the HTTP/1.1 side. */
  readonly route: (router: ConnectRouter) => void;
}

/** Pairs a service with its handlers, so that the compiler checks that they fit. */
export function bindService<Service extends DescService>(
  service: Service,
  impl: ServiceImpl<Service>,
): BoundService {
  return {
    service,
    spec: createServiceImplSpec<Service>(service, impl),
    route: (router) => router.service(service, impl),
  };
}
