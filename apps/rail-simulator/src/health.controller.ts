import { Controller, Get } from '@nestjs/common';

/** The journal is read before the port opens, so a process that answers is ready. */
@Controller('health')
export class HealthController {
  @Get(['live', 'ready'])
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }
}
