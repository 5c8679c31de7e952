#include "gibbon/data/image_file.hpp"

#include <fmt/format.h>
#include <png.h>
// jpeglib.h uses FILE and size_t without including what declares them.
#include <cstddef>
#include <cstdio>
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <csetjmp>
#include <cstdlib>
#include <memory>
#include <string>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::data {

namespace {

constexpr std::uint64_t kMaxPixels = 64'000'000;

const unsigned char* bytes_of(const std::string& content) {
  return reinterpret_cast<const unsigned char*>(content.data());
}

bool too_large(std::uint64_t height, std::uint64_t width) {
  return height * width > kMaxPixels;
}

[[noreturn]] void fail(const std::filesystem::path& path, const char* format, const char* reason) {
  throw base::Error(fmt::format("{}: not a whole {} image: {}", path.string(), format, reason));
}

[[noreturn]] void fail_size(const std::filesystem::path& path, unsigned height, unsigned width) {
  throw base::Error(fmt::format("{}: an image of {}x{}, expected at most {} pixels", path.string(),
                                height, width, kMaxPixels));
}

Picture decode_png(const std::string& content, const std::filesystem::path& path) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, decltype(&png_image_free)> guard(&image, &png_image_free);
  if (png_image_begin_read_from_memory(&image, content.data(), content.size()) == 0) {
    fail(path, "PNG", image.message);
  }
  if (too_large(image.height, image.width)) fail_size(path, image.height, image.width);
  const bool colour = (image.format & PNG_FORMAT_FLAG_COLOR) != 0;
  image.format = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  Picture picture{
      static_cast<int>(image.height), static_cast<int>(image.width), colour ? 3 : 1, {}};
  picture.pixels.resize(PNG_IMAGE_SIZE(image));
  const png_color black{0, 0, 0};
  if (png_image_finish_read(&image, &black, picture.pixels.data(), 0, nullptr) == 0) {
    fail(path, "PNG", image.message);
  }
  return picture;
}

/// Everything that libjpeg may leave behind when it jumps out. It is plain data owned by the
/// caller, because a jump runs no destructor and may undo locals.
struct JpegDecoder {
  jpeg_error_mgr errors{};
  jpeg_decompress_struct info{};
  std::jmp_buf on_error{};
  char message[JMSG_LENGTH_MAX]{};
  unsigned char* pixels = nullptr;
};

JpegDecoder* decoder_of(j_common_ptr info) {
  return static_cast<JpegDecoder*>(info->client_data);
}

[[noreturn]] void jump_out(j_common_ptr info) {
  JpegDecoder* decoder = decoder_of(info);
  info->err->format_message(info, decoder->message);
  std::longjmp(decoder->on_error, 1);
}

/// libjpeg makes up pixels for missing data and only warns. All warnings but the two that leave the
/// pixels whole are errors here.
void refuse_warnings(j_common_ptr info, int level) {
  if (level >= 0) return;
  const int code = info->err->msg_code;
  if (code != JWRN_EXTRANEOUS_DATA && code != JWRN_ADOBE_XFORM) jump_out(info);
}

void print_nothing(j_common_ptr) {}

/// True if decoder.pixels holds the image (to be freed by the caller); otherwise decoder.message
/// says why not. Holds no object with a destructor: see JpegDecoder.
bool decode_jpeg(const unsigned char* bytes, unsigned long size, JpegDecoder& decoder) {
  jpeg_decompress_struct& info = decoder.info;
  info.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = jump_out;
  decoder.errors.emit_message = refuse_warnings;
  decoder.errors.output_message = print_nothing;
  info.client_data = &decoder;
  if (setjmp(decoder.on_error) != 0) return false;

  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, bytes, size);
  jpeg_read_header(&info, TRUE);
  if (too_large(info.image_height, info.image_width)) {
    std::snprintf(decoder.message, sizeof decoder.message, "more than %llu pixels",
                  static_cast<unsigned long long>(kMaxPixels));
    return false;
  }
  info.out_color_space = info.jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&info);
  const std::size_t stride = std::size_t{info.output_width} * info.output_components;
  decoder.pixels = static_cast<unsigned char*>(std::malloc(stride * info.output_height));
  if (decoder.pixels == nullptr) {
    std::snprintf(decoder.message, sizeof decoder.message, "out of memory");
    return false;
  }
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = decoder.pixels + stride * info.output_scanline;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

Picture decode_jpeg(const std::string& content, const std::filesystem::path& path) {
  JpegDecoder decoder;
  const bool whole = decode_jpeg(bytes_of(content), content.size(), decoder);
  const std::unique_ptr<unsigned char, decltype(&std::free)> pixels(decoder.pixels, &std::free);
  const int height = static_cast<int>(decoder.info.output_height);
  const int width = static_cast<int>(decoder.info.output_width);
  const int channels = decoder.info.output_components;
  jpeg_destroy_decompress(&decoder.info);
  if (!whole) fail(path, "JPEG", decoder.message);
  const auto size = static_cast<std::size_t>(height) * width * channels;
  return {height, width, channels, {pixels.get(), pixels.get() + size}};
}

}  // namespace

Picture read_picture(const std::filesystem::path& path) {
  const std::string content = base::read_file(path);
  if (content.compare(0, 8, "\x89PNG\r\n\x1a\n", 8) == 0) return decode_png(content, path);
  if (content.compare(0, 3, "\xff\xd8\xff", 3) == 0) return decode_jpeg(content, path);
  throw base::Error(fmt::format("{}: neither a PNG nor a JPEG image", path.string()));
}

Picture with_channels(const Picture& picture, int channels) {
  if (channels == picture.channels) return picture;
  Picture changed{picture.height, picture.width, channels, {}};
  const std::size_t count = static_cast<std::size_t>(picture.height) * picture.width;
  changed.pixels.reserve(count * static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < count; ++i) {
    if (channels == 3) {
      changed.pixels.insert(changed.pixels.end(), 3, picture.pixels[i]);
      continue;
    }
    const std::uint8_t* rgb = picture.pixels.data() + 3 * i;
    changed.pixels.push_back(
        static_cast<std::uint8_t>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000));
  }
  return changed;
}

}  // namespace gibbon::data
