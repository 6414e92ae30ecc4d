import { readFile } from 'node:fs/promises';
import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ERRORS_PAGE } from '../api-refusal.js';
import { errorsPage } from './errors-page.js';

/** Serves the page to which the `Link` header of every refusal leads. */
@Controller()
@ApiExcludeController()
export class ErrorsPageController {
  @Get(ERRORS_PAGE)
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'")
  async page(): Promise<string> {
    return errorsPage(await readFile('docs/errors.md', 'utf8'));
  }
}
