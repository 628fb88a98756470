package sounds

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// longestName is that of a media document, in characters.
const longestName = 128

// Keep makes media of an account of what a caller has recorded: samples
// of one channel at rate Hz. It returns the id of the document; name is cut
// where it is longer than a name may be.
func (s *Sounds) Keep(ctx context.Context, account, name string, rate int, samples []int16) (string, error) {
	if s.cfg.Blobs == nil {
		return "", fmt.Errorf("nothing is stored here: %w", store.ErrBad)
	}
	if runes := []rune(name); len(runes) > longestName {
		name = string(runes[:longestName])
	}
	id := resource.NewID()
	key := store.Key{Account: account, Type: mediaType, ID: id}
	// The sound comes first: there is no document without one.
	size, err := s.keepWAV(ctx, key, rate, samples)
	if err != nil {
		return "", err
	}
	c := s.cfg.In(s.media, account)
	if _, err := c.CreateAs(ctx, id, resource.Object{"name": name, "media_source": "recording"}); err != nil {
		return "", errors.Join(err, s.cfg.Blobs.Delete(context.WithoutCancel(ctx), key))
	}
	_, err = c.Update(ctx, id, func(d *resource.Draft) {
		d.Private[pvtKind], d.Private[pvtSize] = rest.TypeWAV, size
	})
	return id, err
}

// keepWAV writes a blob and returns its size in bytes.
func (s *Sounds) keepWAV(ctx context.Context, k store.Key, rate int, samples []int16) (int64, error) {
	out, err := s.cfg.Blobs.Create(ctx, k, rest.TypeWAV)
	if err != nil {
		return 0, err
	}
	defer out.Abort()
	wav, err := audio.NewWAVWriter(out, rate, 1)
	if err != nil {
		return 0, err
	}
	if err := wav.Write(samples); err != nil {
		return 0, err
	}
	if err := wav.Close(); err != nil {
		return 0, err
	}
	size, err := out.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	return size, out.Commit()
}
