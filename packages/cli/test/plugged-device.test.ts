import { afterAll, describe, expect, it } from 'vitest';
import { pluggedDevice } from '../src/plugged-device.ts';
import { Scratch } from './support/viv.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());
const place = { name: 'data', slot: 'slot1' };

describe('a device for a slot', () => {
  it('is a disk or a card, as `viv run` takes it', async () => {
    scratch.put('disk.img', new Uint8Array(512));
    const disk = await pluggedDevice({ disk: 'disk.img,ro' }, place, scratch.path);
    expect(disk.parts.map(({ id }) => id)).toEqual(['image.data', 'disk.data', 'virtio.data', 'plug.data']);
    expect(disk.parts.at(-1)?.use).toEqual({ 'vivarium/pci-function': 'virtio.data', 'vivarium/pci-slot': 'slot1' });
    await disk.close?.();
    const card = await pluggedDevice({ net: 'user,isolated' }, place, scratch.path);
    expect(card.parts.map(({ id }) => id)).toEqual(['network.data', 'net.data', 'virtio.data', 'plug.data']);
    await card.close?.();
  });

  it.each([
    [undefined],
    [null],
    ['disk'],
    [{}],
    [{ disk: 7 }],
    [{ disk: 'a.img', net: 'user' }],
    [{ share: '.' }],
    [{ disk: ',ro' }],
    [{ net: 'pigeon' }],
  ])('is refused when it is none: %j', async (options) => {
    await expect(pluggedDevice(options, place, scratch.path)).rejects.toMatchObject({ code: 'VIV_DEVICE_DESCRIPTION' });
  });

  it('is refused when its file is not there', async () => {
    const missing = pluggedDevice({ disk: 'nowhere.img' }, place, scratch.path);
    await expect(missing).rejects.toMatchObject({ code: 'VIV_HOST_FILE_MISSING' });
  });
});
