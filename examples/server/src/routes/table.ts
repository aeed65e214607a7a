import type { Route } from '../http/route.ts'
import { adminRoutes } from './admin.ts'
import { catalogueRoutes } from './catalogue.ts'
import { devRoutes } from './dev.ts'
import type { House } from './house.ts'
import { operationRoutes } from './operations.ts'
import { type Pages, pageRoutes } from './pages.ts'
import { paymentRoutes } from './payments.ts'
import { queueRoutes } from './queue.ts'
import { reservationRoutes } from './reservations.ts'
import { seatRoutes } from './seats.ts'
import { webhookRoutes } from './webhooks.ts'

/** Every route there is. Express, the hot path and `/openapi.json` are made of this one table. */
export const routeTable = (house: House, pages: Pages, document: () => unknown): readonly Route[] => [
  ...catalogueRoutes(house),
  ...queueRoutes(house),
  ...seatRoutes(house, pages.seats),
  ...paymentRoutes(house),
  ...reservationRoutes(house),
  ...webhookRoutes(house),
  ...adminRoutes(house),
  ...operationRoutes(house, document),
  ...devRoutes(house),
  ...pageRoutes(house, pages),
]
