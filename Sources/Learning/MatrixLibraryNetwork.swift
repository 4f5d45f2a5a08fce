internal import COpenBLAS
public import Policy

/// A policy's network computed by OpenBLAS, one matrix-vector product a layer: what `understudy bench policy` compares
/// the policy's own kernels with.
///
/// One thread, ReLU between the layers, nothing normalised. Not for running an arm: `Policy` is faster and gives the
/// same bits on every CPU.
public final class MatrixLibraryNetwork {
  private let layers: [Layer]

  private struct Layer {
    let inputs: Int32
    let outputs: Int32
    let weights: UnsafeMutableBufferPointer<Float>
    let bias: UnsafeMutableBufferPointer<Float>
    let result: UnsafeMutableBufferPointer<Float>
  }

  /// A network of these layers, input side first.
  public init(_ parameters: [DenseParameters]) {
    _ = MatrixLibrary.description  // one thread
    layers = parameters.map {
      Layer(
        inputs: Int32($0.inputs), outputs: Int32($0.outputs), weights: Self.copy($0.weights), bias: Self.copy($0.bias),
        result: Self.copy($0.bias))
    }
  }

  deinit {
    for layer in layers {
      layer.weights.deallocate()
      layer.bias.deallocate()
      layer.result.deallocate()
    }
  }

  private static func copy(_ values: [Float]) -> UnsafeMutableBufferPointer<Float> {
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
    _ = buffer.initialize(from: values)
    return buffer
  }

  /// The outputs for one input; they stay as they are until the next call.
  public func run(_ features: UnsafeBufferPointer<Float>) -> UnsafeBufferPointer<Float> {
    var x = features
    for (index, layer) in layers.enumerated() {
      let y = layer.result
      _ = y.update(from: layer.bias)
      cblas_sgemv(
        CblasRowMajor, CblasNoTrans, layer.outputs, layer.inputs, 1, layer.weights.baseAddress, layer.inputs,
        x.baseAddress, 1, 1, y.baseAddress, 1)
      if index + 1 < layers.count { for o in y.indices where y[o] < 0 { y[o] = 0 } }
      x = UnsafeBufferPointer(y)
    }
    return x
  }
}
